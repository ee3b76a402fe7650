package verifier_test

import (
	"math/rand/v2"
	"reflect"

	"rpp-node/prover/codec"
	"rpp-node/prover/field"
)

// mutation changes a proof in place and returns what undoes it.
type mutation func() (undo func())

// structure lists the mutations of a proof, found by reflection so that a field added to
// codec.Proof is mutated without anybody thinking of it: of every list and option, and of
// every number.
type structure struct {
	f       *field.Field
	rng     *rand.Rand
	lists   []mutation
	numbers []mutation
}

func newStructure(f *field.Field, rng *rand.Rand, p *codec.Proof) *structure {
	s := &structure{f: f, rng: rng}
	s.walk(reflect.ValueOf(p).Elem())
	return s
}

func (s *structure) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			s.walk(v.Field(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			s.walk(v.Index(i))
		}
	case reflect.Slice:
		s.list(v)
		for i := range v.Len() {
			s.walk(v.Index(i))
		}
	case reflect.Pointer:
		s.option(v)
		if !v.IsNil() {
			s.walk(v.Elem())
		}
	case reflect.Uint8, reflect.Uint32, reflect.Uint64:
		s.number(v)
	default:
		panic("a proof holds a " + v.Kind().String() + ", which nothing mutates")
	}
}

// set is the mutation that puts a new value in v's place.
func set(v reflect.Value, to func() reflect.Value) mutation {
	return func() func() {
		old := reflect.New(v.Type()).Elem()
		old.Set(v)
		v.Set(to())
		return func() { v.Set(old) }
	}
}

func (s *structure) list(v reflect.Value) {
	// Each builder receives a copy that it may keep.
	for _, build := range []func(c reflect.Value) reflect.Value{
		func(c reflect.Value) reflect.Value { return c.Slice(min(1, c.Len()), c.Len()) },                // first dropped
		func(c reflect.Value) reflect.Value { return c.Slice(0, max(0, c.Len()-1)) },                    // last dropped
		func(c reflect.Value) reflect.Value { return reflect.AppendSlice(c, c.Slice(0, c.Len())) },      // all twice
		func(c reflect.Value) reflect.Value { return reflect.Append(c, reflect.Zero(c.Type().Elem())) }, // zero appended
		func(c reflect.Value) reflect.Value { // first doubled
			return reflect.AppendSlice(reflect.AppendSlice(c.Slice3(0, 0, 0), c.Slice(0, min(1, c.Len()))), c)
		},
		func(c reflect.Value) reflect.Value { // last doubled
			return reflect.AppendSlice(c, c.Slice(max(0, c.Len()-1), c.Len()))
		},
		func(c reflect.Value) reflect.Value { // first and last swapped
			return swapped(c, 0, c.Len()-1)
		},
		func(c reflect.Value) reflect.Value { // two neighbours swapped
			if c.Len() < 2 {
				return c
			}
			i := s.rng.IntN(c.Len() - 1)
			return swapped(c, i, i+1)
		},
		func(c reflect.Value) reflect.Value { return c.Slice(0, 0) },                  // empty
		func(c reflect.Value) reflect.Value { return reflect.Zero(c.Type()) },         // absent
		func(c reflect.Value) reflect.Value { return reflect.AppendSlice(c, pad(c)) }, // long
	} {
		s.lists = append(s.lists, set(v, func() reflect.Value {
			c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			reflect.Copy(c, v)
			return build(c)
		}))
	}
}

func swapped(c reflect.Value, i, j int) reflect.Value {
	if c.Len() >= 2 {
		reflect.Swapper(c.Interface())(i, j)
	}
	return c
}

// pad is a long list of zeros of c's type.
func pad(c reflect.Value) reflect.Value { return reflect.MakeSlice(c.Type(), 1000, 1000) }

func (s *structure) option(v reflect.Value) {
	s.lists = append(s.lists, set(v, func() reflect.Value {
		if v.IsNil() {
			return reflect.New(v.Type().Elem())
		}
		return reflect.Zero(v.Type())
	}))
}

func (s *structure) number(v reflect.Value) {
	p := uint64(s.f.Modulus())
	for _, change := range []func(x uint64) uint64{
		func(x uint64) uint64 { return x + 1 },
		func(x uint64) uint64 { return x - 1 },
		func(uint64) uint64 { return 0 },
		func(uint64) uint64 { return p - 1 },
		func(x uint64) uint64 { return x + p }, // the same element, not reduced
		func(uint64) uint64 { return 1<<64 - 1 },
		func(uint64) uint64 { return s.rng.Uint64N(p) },
	} {
		s.numbers = append(s.numbers, set(v, func() reflect.Value {
			n := reflect.New(v.Type()).Elem()
			n.SetUint(change(v.Uint()) & (1<<v.Type().Bits() - 1))
			return n
		}))
	}
}

// grafts lists the mutations that put a part of another proof in place of p's.
func grafts(p, other *codec.Proof) []mutation {
	var out []mutation
	var walk func(v, o reflect.Value, depth int)
	walk = func(v, o reflect.Value, depth int) {
		out = append(out, set(v, func() reflect.Value { return o }))
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				walk(v.Field(i), o.Field(i), depth+1)
			}
		case reflect.Slice:
			for i := range min(v.Len(), o.Len()) {
				if depth < 4 {
					walk(v.Index(i), o.Index(i), depth+1)
				}
			}
		}
	}
	walk(reflect.ValueOf(p).Elem(), reflect.ValueOf(other).Elem(), 0)
	return out
}
