package soundness

import (
	"errors"
	"math"
	"testing"

	"rpp-node/prover/field"
)

func TestRefusedInput(t *testing.T) {
	cases := []struct {
		field  string
		change func(*Params, *Shape)
	}{
		{"extension_bits", func(p *Params, _ *Shape) { p.ExtensionBits = math.NaN() }},
		{"extension_bits", func(p *Params, _ *Shape) { p.ExtensionBits = math.Inf(1) }},
		{"extension_bits", func(p *Params, _ *Shape) { p.ExtensionBits = 0 }},
		{"extension_bits", func(p *Params, _ *Shape) { p.ExtensionBits = ExtensionBits(0, 5, Exact) }},
		{"extension_bits", func(p *Params, _ *Shape) { p.ExtensionBits = ExtensionBits(0, 0, Exact) }},
		{"digest_bits", func(p *Params, _ *Shape) { p.DigestBits = 0 }},
		{"digest_bits", func(p *Params, _ *Shape) { p.DigestBits = 128 }},
		{"digest_bits", func(p *Params, _ *Shape) { p.DigestBits = math.NaN() }},
		{"log_blowup", func(p *Params, _ *Shape) { p.LogBlowup = 0 }},
		{"log_blowup", func(p *Params, _ *Shape) { p.LogBlowup = maxLogBlowup + 1 }},
		{"num_queries", func(p *Params, _ *Shape) { p.NumQueries = 0 }},
		{"num_queries", func(p *Params, _ *Shape) { p.NumQueries = -1 }},
		{"num_queries", func(p *Params, _ *Shape) { p.NumQueries = MaxNumQueries + 1 }},
		{"query_pow_bits", func(p *Params, _ *Shape) { p.QueryPoWBits = -1 }},
		{"query_pow_bits", func(p *Params, _ *Shape) { p.QueryPoWBits = MaxPoWBits + 1 }},
		{"query_pow_bits", func(p *Params, _ *Shape) { p.QueryPoWBits = 32 }},
		{"commit_pow_bits", func(p *Params, _ *Shape) { p.CommitPoWBits = -1 }},
		{"commit_pow_bits", func(p *Params, _ *Shape) { p.CommitPoWBits = MaxPoWBits + 1 }},
		{"max_log_arity", func(p *Params, _ *Shape) { p.MaxLogArity = 0 }},
		{"max_log_arity", func(p *Params, _ *Shape) { p.MaxLogArity = maxLogArity + 1 }},
		{"log_final_poly_len", func(p *Params, _ *Shape) { p.LogFinalPolyLen = -1 }},
		{"log_final_poly_len", func(p *Params, _ *Shape) { p.LogFinalPolyLen = maxLogHeight + 1 }},
		{"log_height", func(p *Params, s *Shape) { p.LogFinalPolyLen = s.LogHeight }},
		{"log_height", func(_ *Params, s *Shape) { s.LogHeight = -1 }},
		{"log_height", func(_ *Params, s *Shape) { s.LogHeight = maxLogHeight + 1 }},
		{"constraints", func(_ *Params, s *Shape) { s.Constraints = 0 }},
		{"degree", func(_ *Params, s *Shape) { s.Degree = 0 }},
		{"opening_points", func(_ *Params, s *Shape) { s.OpeningPoints = 0 }},
		{"functions", func(_ *Params, s *Shape) { s.Functions = 0 }},
		{"message_width", func(_ *Params, s *Shape) { s.MessageWidth = 0 }},
	}
	for _, c := range cases {
		p, s := tableParams(t, "production", Exact), tableShape(18, 1200)
		c.change(&p, &s)
		_, err := Analyse(p, s)
		var input *InputError
		if !errors.As(err, &input) || input.Field != c.field || input.Want == "" {
			t.Errorf("%s: got %v", c.field, err)
		}
	}
}

// The limits themselves are accepted.
func TestLimitsAccepted(t *testing.T) {
	analyse(t,
		Params{minExtensionBits, 1, 1, 0, 0, 1, 0, 1},
		Shape{LogHeight: 0, Constraints: 1, Degree: 1, OpeningPoints: 1, Functions: 1})
	analyse(t,
		Params{maxExtensionBits, maxLogBlowup, MaxNumQueries, MaxPoWBits, MaxPoWBits, maxLogArity, maxLogHeight - 1, ClaimCap},
		Shape{maxLogHeight, math.MaxInt32, math.MaxInt32, math.MaxInt32, math.MaxInt32, math.MaxUint64, math.MaxInt32})
}

// A source that an instance does not have gives no term: neither 0 bits nor infinitely many.
func TestAbsentSources(t *testing.T) {
	p := tableParams(t, "production", Exact)
	absent := func(name string, s Shape, source Source) {
		t.Helper()
		r := analyse(t, p, s)
		for _, n := range r.bounds() {
			if bits, ok := n.bound.Term(source); ok {
				t.Errorf("%s: %s has a term %s of %g bits", name, n.name, source, bits)
			}
		}
	}
	s := tableShape(18, 1)
	absent("one function", s, Batch)
	s.Interactions, s.MessageWidth = 0, 0
	absent("no lookups", s, LogUp)
	absent("one row", Shape{LogHeight: 0, Constraints: 1, Degree: 1, OpeningPoints: 1, Functions: 1}, Commit)
	if _, ok := analyse(t, p, tableShape(18, 1200)).Conjectured.Term(Batch); ok {
		t.Error("the conjectured regime has a term for batching")
	}
}

// Over a table of two rows opened at two points at rate 1/2 the opened values fill the
// domain, and no m is admissible: nothing is proven, and nothing panics.
func TestVoidRegimes(t *testing.T) {
	p := tableParams(t, "fast", Exact)
	r := analyse(t, p, Shape{LogHeight: 1, Constraints: 2, Degree: 2, OpeningPoints: 2, Functions: 8})
	for _, b := range []Bound{r.UniqueDecoding, r.Johnson, r.UpstreamReport, r.Proven()} {
		if b.Bits() != 0 || b.M != 0 {
			t.Errorf("%s: %g bits, m = %d, want none", b.Name(), b.Bits(), b.M)
		}
	}
}

func TestFieldSizes(t *testing.T) {
	for _, c := range []struct {
		f                *field.Field
		degree           int
		exact            float64
		bitLength, whole float64
	}{
		{field.KoalaBear, 5, 154.94, 155, 154},
		{field.KoalaBear, 4, 123.95, 124, 123},
		{field.BabyBear, 4, 123.63, 124, 123},
	} {
		bits := func(cv Convention) float64 { return ExtensionBits(c.f.Modulus(), c.degree, cv) }
		if !near(bits(Exact), c.exact, 0.01) || bits(BitLength) != c.bitLength || bits(WholeBits) != c.whole {
			t.Errorf("%s degree %d: %g, %g, %g", c.f.Name(), c.degree, bits(Exact), bits(BitLength), bits(WholeBits))
		}
	}
}

// 123 for both hashes; a digest of four elements is worth 61.
func TestCollisionBits(t *testing.T) {
	element := ExtensionBits(field.KoalaBear.Modulus(), 1, Exact)
	for _, c := range []struct{ digest, want float64 }{{8 * element, 123}, {256, 123}, {512, 123}, {4 * element, 61}} {
		if got := CollisionBits(c.digest); got != c.want {
			t.Errorf("a digest of %g bits: %g, want %g", c.digest, got, c.want)
		}
	}
}
