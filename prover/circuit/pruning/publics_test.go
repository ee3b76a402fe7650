package pruning

import (
	"testing"

	"rpp-node/prover/field"
)

// Every public value is bound.
func TestEveryPublicValue(t *testing.T) {
	for _, name := range []string{"block-16", "range-4x16"} {
		v := variant(t, name)
		for _, removed := range []int{0, 3} {
			w, err := v.Sample(9*v.Blocks, 5)
			if err != nil {
				t.Fatal(err)
			}
			w.mark(func(i int) bool { return i < removed })
			circuit := Circuit(v)
			traces, publics, err := Traces(v, w)
			if err != nil {
				t.Fatal(err)
			}
			list := publics[PublicTable]
			for i, was := range list {
				for _, v := range []field.Elem{circuit.Field.Add(was, circuit.Field.One()), circuit.Field.FromUint(uint64(i)), circuit.Field.Neg(circuit.Field.One())} {
					list[i] = v
					if err := circuit.Check(traces, publics); err == nil {
						t.Errorf("%s: public value %d changed: no error", name, i)
					}
				}
				list[i] = was
			}
		}
	}
}
