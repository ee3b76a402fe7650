package bench

import (
	"testing"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/internal/vectors"
)

// proofJSON is what the checks below need of a proof vector: the openings at ζ and the
// challenges.
type proofJSON struct {
	Air, Config  string
	LogN         int      `json:"log_n"`
	PublicValues []uint32 `json:"public_values"`
	Trace        *struct {
		Width  int
		Values []uint32
	}
	Challenges struct{ Alpha, Zeta []uint32 }
	Proof      *struct { // the largest vectors have theirs in binary only
		Opened struct {
			Local  []extJSON   `json:"trace_local"`
			Next   []extJSON   `json:"trace_next"`
			Chunks [][]extJSON `json:"quotient_chunks"`
		} `json:"opened_values"`
	} `json:"proof_canonical"`
}

type extJSON struct{ Value []uint32 }

func readProof(t *testing.T, name string) *proofJSON {
	t.Helper()
	var v proofJSON
	vectors.JSON(t, name, &v)
	return &v
}

func (v *proofJSON) ext(t *testing.T) *field.Ext {
	t.Helper()
	switch {
	case v.Config == "kb-p2-e5":
		return field.KoalaBear5
	case v.Config[:3] == "kb-":
		return field.KoalaBear4
	case v.Config[:3] == "bb-":
		return field.BabyBear4
	}
	t.Fatalf("configuration %q", v.Config)
	return nil
}

// benchmark returns the table that v proves, or the zero table if it is none of ours.
func (v *proofJSON) benchmark(t *testing.T) air.Table {
	f := v.ext(t).Base
	switch v.Air {
	case "fibonacci":
		return Fibonacci(f)
	case "poseidon2":
		return Poseidon2(f, 16, 1)
	case "keccak":
		return KeccakF(f)
	}
	return air.Table{}
}

func extElem(t *testing.T, x *field.Ext, c []uint32) field.E {
	t.Helper()
	if len(c) != x.D {
		t.Fatalf("%d coefficients, want %d", len(c), x.D)
	}
	var e field.E
	copy(e[:], elems(t, x.Base, c))
	return e
}

func extElems(t *testing.T, x *field.Ext, v []extJSON) []field.E {
	t.Helper()
	out := make([]field.E, len(v))
	for i := range v {
		out[i] = extElem(t, x, v[i].Value)
	}
	return out
}

// The equation that a verifier checks at ζ holds between our constraints and the
// openings of upstream's proofs: over both fields, and with every degree of extension.
// It fails for a constraint that is wrong, missing or out of order.
func TestConstraintsMeetUpstreamsQuotients(t *testing.T) {
	seen := map[string]int{}
	for _, name := range vectors.Glob(t, "proofs/*.json") {
		v := readProof(t, name)
		table := v.benchmark(t)
		if table.Width == 0 || v.Proof == nil {
			continue
		}
		x := v.ext(t)
		zeta, alpha := extElem(t, x, v.Challenges.Zeta), extElem(t, x, v.Challenges.Alpha)
		opened := v.Proof.Opened
		if len(opened.Local) != table.Width || (len(opened.Next) == table.Width) != table.MainNext {
			t.Errorf("%s: opens %d and %d columns", name, len(opened.Local), len(opened.Next))
			continue
		}
		vanishing := x.SubBase(x.Exp2(zeta, v.LogN), x.Base.One())
		shift := x.SubBase(zeta, x.Base.RootInv(v.LogN))
		p := &air.Point{
			Main: extElems(t, x, opened.Local), MainNext: extElems(t, x, opened.Next),
			Publics: elems(t, x.Base, v.PublicValues),
			First:   x.Mul(vanishing, x.Inv(x.SubBase(zeta, x.Base.One()))),
			Last:    x.Mul(vanishing, x.Inv(shift)),
			Trans:   shift,
		}
		values := table.EvalPoint(x, p)
		var folded field.E
		for _, id := range table.Constraints {
			folded = x.Add(x.Mul(folded, alpha), values[id])
		}
		quotient := quotientAt(t, x, zeta, v.LogN, opened.Chunks)
		if folded != x.Mul(quotient, vanishing) {
			t.Errorf("%s: folded constraints are not quotient times vanishing polynomial", name)
			continue
		}
		seen[x.Base.Name()+" "+v.Air]++
	}
	for _, want := range []string{"koalabear fibonacci", "koalabear poseidon2", "koalabear keccak",
		"babybear fibonacci", "babybear poseidon2", "babybear keccak"} {
		if seen[want] == 0 {
			t.Errorf("%s: no proof checked", want)
		}
	}
}

// quotientAt puts the quotient together from its chunks' openings. Chunk i is known on
// the coset g·ω^i·H, ω generating a group of |H| times the number of chunks; on the
// others its factor vanishes.
func quotientAt(t *testing.T, x *field.Ext, zeta field.E, logN int, chunks [][]extJSON) field.E {
	t.Helper()
	f := x.Base
	log := map[int]int{1: 0, 2: 1, 4: 2}[len(chunks)]
	shifts := f.Powers(f.Generator(), f.Root(logN+log), len(chunks))
	// vanish is (z/shift)^|H| - 1.
	vanish := func(shift field.Elem, z field.E) field.E {
		return x.SubBase(x.Exp2(x.MulBase(z, f.Inv(shift)), logN), f.One())
	}
	var q field.E
	for i, c := range chunks {
		var value field.E
		for d, e := range extElems(t, x, c) {
			value = x.Add(value, x.Mul(x.Monomial(d), e))
		}
		for j, s := range shifts {
			if j != i {
				value = x.Mul(value, x.Mul(vanish(s, zeta), x.Inv(vanish(s, x.FromBase(shifts[i])))))
			}
		}
		q = x.Add(q, value)
	}
	return q
}
