package field

import (
	"encoding/hex"
	"strings"
	"testing"

	"rpp-node/prover/internal/vectors"
)

// vectorFields are this package's fields by their name in the vectors.
var vectorFields = map[string]*Field{"koala-bear": KoalaBear, "baby-bear": BabyBear}

// TestFieldVectors reads 64-bit integers because the file has a 64-bit field too.
func TestFieldVectors(t *testing.T) {
	var file []struct {
		Name       string
		P          uint64
		Generator  uint64
		TwoAdicity int      `json:"two_adicity"`
		Roots      []uint64 `json:"two_adic_generators"`
		Ops        []struct {
			A, B, Add, Sub, Mul, Neg, Halve uint64
			Inv                             *uint64 `json:"inv_a"`
			Pow                             uint64  `json:"a_pow_1234567"`
			Bytes                           string  `json:"into_bytes_hex"`
			Postcard                        string  `json:"postcard_hex"`
			Word                            uint64  `json:"to_unique_u64"`
		}
	}
	vectors.JSON(t, "fields.json", &file)
	var names []string
	for _, v := range file {
		names = append(names, v.Name)
		f := vectorFields[v.Name]
		if f == nil {
			continue
		}
		equal := func(what string, got, want uint64) {
			t.Helper()
			if got != want {
				t.Errorf("%s: %s = %d, want %d", v.Name, what, got, want)
			}
		}
		equal("modulus", uint64(f.Modulus()), v.P)
		equal("generator", uint64(f.Uint(f.Generator())), v.Generator)
		equal("two-adicity", uint64(f.TwoAdicity()), uint64(v.TwoAdicity))
		equal("number of roots", uint64(f.TwoAdicity()+1), uint64(len(v.Roots)))
		for k, root := range v.Roots {
			equal("root", uint64(f.Uint(f.Root(k))), root)
			equal("root times inverse", uint64(f.Uint(f.Mul(f.Root(k), f.RootInv(k)))), 1)
		}
		if len(v.Ops) == 0 {
			t.Errorf("%s: no operations", v.Name)
		}
		for _, c := range v.Ops {
			a, b := f.FromUint(c.A), f.FromUint(c.B)
			equal("a + b", uint64(f.Uint(f.Add(a, b))), c.Add)
			equal("a - b", uint64(f.Uint(f.Sub(a, b))), c.Sub)
			equal("a·b", uint64(f.Uint(f.Mul(a, b))), c.Mul)
			equal("-a", uint64(f.Uint(f.Neg(a))), c.Neg)
			equal("a/2", uint64(f.Uint(f.Mul(a, f.Half()))), c.Halve)
			equal("a^1234567", uint64(f.Uint(f.Exp(a, 1234567))), c.Pow)
			inv := uint64(0)
			if c.Inv != nil {
				inv = *c.Inv
			}
			equal("1/a", uint64(f.Uint(f.Inv(a))), inv)
			equal("word of a", uint64(a), c.Word)
			word := hex.EncodeToString(AppendWord(nil, a))
			if word != c.Bytes || word != c.Postcard {
				t.Errorf("%s: a is encoded as %s, want %s and %s", v.Name, word, c.Bytes, c.Postcard)
			}
		}
	}
	vectors.CheckScope(t, "fields.json", names, func(name string) bool { return vectorFields[name] != nil })
}

// vectorExts are this package's extensions by their names in the two vector files.
var vectorExts = map[string]*Ext{
	"koala-bear X^4-3":                       KoalaBear4,
	"koala-bear quintic trinomial X^5+X^2-1": KoalaBear5,
	"baby-bear X^4-11":                       BabyBear4,
	"koalabear quartic X^4-3":                KoalaBear4,
	"koalabear quintic X^5+X^2-1":            KoalaBear5,
}

// extOp is one row of either file; rows of extensions.json leave some results out.
// Integers have 64 bits because extensions.json has extensions of a 64-bit field.
type extOp struct {
	A, B, Add, Sub, Mul, Neg, Halve, Square []uint64
	Base                                    uint64
	MulBase                                 []uint64 `json:"mul_base"`
	Inv                                     []uint64 `json:"inv_a"`
	Pow                                     []uint64 `json:"a_pow_77"`
	Exp2                                    []uint64 `json:"exp_power_of_2_9"`
	Frobenius                               []uint64
	Frobenius2                              []uint64 `json:"frobenius_2"`
	Bytes                                   string   `json:"into_bytes_hex"`
	Postcard                                string   `json:"postcard_hex"`
}

type extVectors struct {
	Name   string
	Degree int
	Ops    []extOp
	Powers [][]uint64
	Basis  []struct {
		C   [][]uint64
		Sum []uint64
	} `json:"from_ext_basis_coefficients"`
}

func fromInts(x *Ext, c []uint64) E {
	var e E
	for i, v := range c {
		e[i] = x.Base.FromUint(v)
	}
	return e
}

func toInts(x *Ext, e E) []uint32 {
	out := make([]uint32, len(e))
	for i, v := range e {
		out[i] = x.Base.Uint(v)
	}
	return out
}

func TestExtensionVectors(t *testing.T) { testExtVectors(t, "extensions.json", 3) }

func TestQuinticVectors(t *testing.T) {
	for _, v := range testExtVectors(t, "batch2/misc/quintic.json", 2) {
		x := vectorExts[v.Name]
		if len(v.Powers) < 2 || len(v.Basis) == 0 {
			t.Fatalf("%s: %d powers, %d sums over the basis", v.Name, len(v.Powers), len(v.Basis))
		}
		for i, e := range x.Powers(fromInts(x, v.Powers[1]), len(v.Powers)) {
			if e != fromInts(x, v.Powers[i]) {
				t.Errorf("%s: power %d = %d, want %d", v.Name, i, toInts(x, e), v.Powers[i])
			}
		}
		for i, s := range v.Basis {
			c := make([]E, len(s.C))
			for k := range c {
				c[k] = fromInts(x, s.C[k])
			}
			if got := x.FromBasis(c); got != fromInts(x, s.Sum) {
				t.Errorf("%s: sum %d over the basis = %d, want %d", v.Name, i, toInts(x, got), s.Sum)
			}
		}
	}
}

// testExtVectors checks the operations of a file in which count extensions are ours,
// and returns these.
func testExtVectors(t *testing.T, name string, count int) (tested []extVectors) {
	t.Helper()
	var file []extVectors
	vectors.JSON(t, name, &file)
	var names []string
	for _, v := range file {
		names = append(names, v.Name)
		x := vectorExts[v.Name]
		if x == nil {
			continue
		}
		tested = append(tested, v)
		if x.D != v.Degree || len(v.Ops) == 0 {
			t.Errorf("%s: degree %d, want %d; %d operations", v.Name, x.D, v.Degree, len(v.Ops))
		}
		for i, op := range v.Ops {
			checkExtOp(t, x, v.Name, i, op)
		}
	}
	vectors.CheckScope(t, name, names, func(name string) bool { return vectorExts[name] != nil })
	if len(tested) != count {
		t.Errorf("%s: %d extensions tested, want %d", name, len(tested), count)
	}
	return tested
}

func checkExtOp(t *testing.T, x *Ext, name string, i int, op extOp) {
	t.Helper()
	a, b := fromInts(x, op.A), fromInts(x, op.B)
	base := x.Base.FromUint(op.Base)
	for _, c := range []struct {
		what string
		got  E
		want []uint64
	}{
		{"a + b", x.Add(a, b), op.Add},
		{"a - b", x.Sub(a, b), op.Sub},
		{"a·b", x.Mul(a, b), op.Mul},
		{"-a", x.Neg(a), op.Neg},
		{"a/2", x.MulBase(a, x.Base.Half()), op.Halve},
		{"a²", x.Square(a), op.Square},
		{"a·base", x.MulBase(a, base), op.MulBase},
		{"1/a", x.Inv(a), op.Inv},
		{"a^77", x.Exp(a, 77), op.Pow},
		{"a^(2^9)", x.Exp2(a, 9), op.Exp2},
		{"a^p", x.Frobenius(a, 1), op.Frobenius},
		{"a^(p²)", x.Frobenius(a, 2), op.Frobenius2},
	} {
		if c.want != nil && c.got != fromInts(x, c.want) {
			t.Errorf("%s, row %d: %s = %d, want %d", name, i, c.what, toInts(x, c.got), c.want)
		}
	}
	if a == (E{}) && x.Inv(a) != (E{}) {
		t.Errorf("%s: 1/0 = %d, want 0", name, toInts(x, x.Inv(a)))
	}
	var bytes []byte
	for _, c := range a[:x.D] {
		bytes = AppendWord(bytes, c)
	}
	if got := hex.EncodeToString(bytes); got != op.Postcard || !strings.HasPrefix(got, op.Bytes) {
		t.Errorf("%s, row %d: a is encoded as %s, want %s", name, i, got, op.Postcard)
	}
}
