package soundness

import (
	"math"
	"math/rand/v2"
	"testing"
)

// drawn returns valid parameters and a valid shape over the whole range of use, tiny
// tables included.
func drawn(rng *rand.Rand) (Params, Shape) {
	p := Params{
		ExtensionBits:   []float64{30.99, 123.95, 154.94, 247.9}[rng.IntN(4)],
		LogBlowup:       1 + rng.IntN(4),
		NumQueries:      1 + rng.IntN(250),
		QueryPoWBits:    rng.IntN(MaxPoWBits),
		CommitPoWBits:   rng.IntN(MaxPoWBits),
		MaxLogArity:     1 + rng.IntN(4),
		LogFinalPolyLen: rng.IntN(3),
		DigestBits:      float64(1 + rng.IntN(ClaimCap-1)),
	}
	s := Shape{
		LogHeight:     3 + rng.IntN(22),
		Constraints:   1 + rng.IntN(5000),
		Degree:        1 + rng.IntN(8),
		OpeningPoints: 1 + rng.IntN(3),
		Functions:     1 + rng.IntN(5000),
		Interactions:  rng.Uint64N(1 << 30),
		MessageWidth:  1 + rng.IntN(40),
	}
	return p, s
}

func forDrawn(t *testing.T, check func(t *testing.T, p Params, s Shape)) {
	t.Helper()
	const seed, draws = 7, 150
	for i := range uint64(draws) {
		p, s := drawn(rand.New(rand.NewPCG(seed, i)))
		check(t, p, s)
		if t.Failed() {
			t.Fatalf("seed %d, draw %d: %+v %+v", seed, i, p, s)
		}
	}
}

// A stronger parameter or a smaller circuit never lowers what is proven or conjectured.
// Upstream's report is left out: its m is chosen without the batch term, so it may fall.
func TestMonotone(t *testing.T) {
	better := []struct {
		name   string
		change func(*Params, *Shape)
	}{
		{"one query more", func(p *Params, _ *Shape) { p.NumQueries++ }},
		{"one bit of query grinding more", func(p *Params, _ *Shape) { p.QueryPoWBits++ }},
		{"one bit of commit grinding more", func(p *Params, _ *Shape) { p.CommitPoWBits++ }},
		{"one bit of field more", func(p *Params, _ *Shape) { p.ExtensionBits++ }},
		{"one bit of digest more", func(p *Params, _ *Shape) { p.DigestBits++ }},
		{"half the constraints", func(_ *Params, s *Shape) { s.Constraints = max(s.Constraints/2, 1) }},
		{"lower degree", func(_ *Params, s *Shape) { s.Degree = max(s.Degree-1, 1) }},
		{"half the functions", func(_ *Params, s *Shape) { s.Functions = max(s.Functions/2, 1) }},
		{"half the messages", func(_ *Params, s *Shape) { s.Interactions /= 2 }},
		{"no messages", func(_ *Params, s *Shape) { s.Interactions = 0 }},
		{"narrower messages", func(_ *Params, s *Shape) { s.MessageWidth = max(s.MessageWidth-1, 1) }},
	}
	forDrawn(t, func(t *testing.T, p Params, s Shape) {
		before := analyse(t, p, s)
		for _, c := range better {
			p, s := p, s
			c.change(&p, &s)
			after := analyse(t, p, s)
			pairs := [][2]Bound{
				{before.UniqueDecoding, after.UniqueDecoding},
				{before.Johnson, after.Johnson},
				{before.Proven(), after.Proven()},
				{before.Conjectured, after.Conjectured},
			}
			for _, b := range pairs {
				if b[1].Bits() < b[0].Bits() {
					t.Errorf("%s: %s falls from %g to %g bits", c.name, b[0].Name(), b[0].Bits(), b[1].Bits())
				}
			}
		}
	})
}

// One more query is worth as much as its regime says while the queries bind.
func TestWorthOfAQuery(t *testing.T) {
	p, s := tableParams(t, "production", Exact), tableShape(10, 2)
	p.NumQueries = 20
	before := analyse(t, p, s)
	p.NumQueries++
	after := analyse(t, p, s)
	k, n := 1024.0, 4096.0
	want := -math.Log2((1 + (k+2)/n) / 2)
	if got := after.UniqueDecoding.Bits() - before.UniqueDecoding.Bits(); !near(got, want, 1e-9) {
		t.Errorf("unique decoding: %g bits a query, want %g", got, want)
	}
	want = 2 - math.Log2(1+(math.Log2E+2)/p.ExtensionBits)
	if got := after.Conjectured.Bits() - before.Conjectured.Bits(); !near(got, want, 1e-9) {
		t.Errorf("conjectured: %g bits a query, want %g", got, want)
	}
}

func TestEveryReport(t *testing.T) {
	forDrawn(t, func(t *testing.T, p Params, s Shape) {
		r := analyse(t, p, s)
		if up, proven := r.UpstreamReport.Bits(), r.Proven().Bits(); up > proven {
			t.Errorf("upstream's choice of m proves %g bits, ours %g", up, proven)
		}
		for _, n := range r.bounds() {
			bits := n.bound.Bits()
			if !(bits >= 0 && bits <= p.DigestBits) {
				t.Errorf("%s: %g bits with a digest of %g", n.name, bits, p.DigestBits)
			}
			for _, term := range n.bound.Terms() {
				if !(term.Bits >= bits) || math.IsInf(term.Bits, 0) {
					t.Errorf("%s: term %s has %g bits, the bound %g", n.name, term.Source, term.Bits, bits)
				}
			}
		}
	})
}

// The m of the Johnson bound is the best admissible one, and the smallest such.
func TestBestM(t *testing.T) {
	forDrawn(t, func(t *testing.T, p Params, s Shape) {
		best, in := analyse(t, p, s).Johnson, newInstance(p, s)
		for m := minM; m <= maxM; m++ {
			if !in.admissible(m) {
				if m == best.M {
					t.Errorf("m = %d is inadmissible", m)
				}
				continue
			}
			bits := in.johnson(m).Bits()
			if bits > best.Bits() || (m < best.M && bits == best.Bits()) {
				t.Errorf("m = %d proves %g bits, the chosen %d %g", m, bits, best.M, best.Bits())
			}
		}
	})
}

// Admissibility is an interval from minM on: the scan may stop at its end.
func TestAdmissibleIsAnInterval(t *testing.T) {
	p := tableParams(t, "production", Exact)
	for logHeight := range 14 {
		in := newInstance(p, tableShape(logHeight, 10))
		last := 0
		for m := minM; m <= 2*maxM; m++ {
			if in.admissible(m) {
				if last != 0 && last != m-1 {
					t.Fatalf("2^%d rows: m = %d and %d are admissible, not those between", logHeight, last, m)
				}
				last = m
			}
		}
		// η > 0 written the other way round: m < 1/(2(√((k+o)/k) − 1)).
		k := math.Ldexp(1, logHeight)
		limit := 1 / (2 * (math.Sqrt((k+2)/k) - 1))
		want := min(int(math.Ceil(limit))-1, 2*maxM)
		if want < minM {
			want = 0
		}
		if last != want {
			t.Errorf("2^%d rows: largest admissible m is %d, want %d", logHeight, last, want)
		}
	}
}
