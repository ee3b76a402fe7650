package fri_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"rpp-node/prover/challenger"
	"rpp-node/prover/codec"
	"rpp-node/prover/field"
	"rpp-node/prover/fri"
	"rpp-node/prover/matrix"
	"rpp-node/prover/merkle"
)

// Forgeries against the low-degree test: each claims something false about committed
// matrices, passes a verifier that lacks one rule, and must fail with the real one.

var forgeExt = field.KoalaBear4

func forgeParams() fri.Params {
	return fri.Params{LogBlowup: 1, LogFinalPolyLen: 0, MaxLogArity: 2, NumQueries: 12}
}

func random(rng *rand.Rand) field.Elem {
	return forgeExt.Base.FromUint(rng.Uint64N(uint64(forgeExt.Base.Modulus())))
}

func randomExt(rng *rand.Rand) (e field.E) {
	for i := range forgeExt.D {
		e[i] = random(rng)
	}
	return e
}

// lowDegree commits to random polynomials of the degree that a matrix of height 2^log may
// have, with true claims at each point.
func lowDegree(rng *rand.Rand, params fri.Params, log, width int, points ...field.E) committed {
	x := forgeExt
	c := committed{values: matrix.New(1<<log, width)}
	for _, z := range points {
		c.claims = append(c.claims, fri.Opening{Z: z, Values: make([]field.E, width)})
	}
	for k := range width {
		coeffs := make([]field.Elem, 1<<(log-params.LogBlowup))
		for i := range coeffs {
			coeffs[i] = random(rng)
		}
		for i := range 1 << log {
			c.values.Row(i)[k] = evaluate(x, coeffs, x.FromBase(point(x.Base, log, i)))[0]
		}
		for j, z := range points {
			c.claims[j].Values[k] = evaluate(x, coeffs, z)
		}
	}
	return c
}

// noise commits to random values, of no low degree, with a claim out of thin air.
func noise(rng *rand.Rand, log, width int, z field.E) committed {
	c := committed{values: matrix.New(1<<log, width)}
	for i := range c.values.Values {
		c.values.Values[i] = random(rng)
	}
	values := make([]field.E, width)
	for k := range values {
		values[k] = randomExt(rng)
	}
	c.claims = []fri.Opening{{Z: z, Values: values}}
	return c
}

// conclude demands that the forgery pass without the rule and fail with it.
func conclude(t *testing.T, o *opener, p *codec.FRIProof, rule string, want error) {
	t.Helper()
	if err := o.verifier().VerifyWithout(rule, o.transcript(), o.claims(), p); err != nil {
		t.Errorf("the verifier without %s refuses the forgery: %v", rule, err)
	}
	switch err := o.verifier().Verify(o.transcript(), o.claims(), p); {
	case err == nil:
		t.Fatalf("FORGERY ACCEPTED (%s)", rule)
	case !errors.Is(err, want):
		t.Errorf("got %v, want %v", err, want)
	}
}

// TestOpener holds the prover of these tests to the verifier: honest openings of several
// heights and points pass, those of noise do not.
func TestOpener(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	params := forgeParams()
	params.LogFinalPolyLen, params.CapHeight, params.CommitPoWBits, params.QueryPoWBits = 1, 1, 2, 3
	z, y := randomExt(rng), randomExt(rng)
	o := newOpener(forgeExt, params,
		[]committed{lowDegree(rng, params, 7, 2, z, y), lowDegree(rng, params, 4, 1, y)},
		[]committed{lowDegree(rng, params, 5, 3, z), lowDegree(rng, params, 7, 1, z)})
	if err := o.verifier().Verify(o.transcript(), o.claims(), o.prove(o.transcript(), cheat{})); err != nil {
		t.Fatal(err)
	}
	o = newOpener(forgeExt, params, []committed{noise(rng, 6, 1, z)})
	if err := o.verifier().Verify(o.transcript(), o.claims(), o.prove(o.transcript(), cheat{})); !errors.Is(err, fri.ErrFinalPoly) {
		t.Fatalf("noise: got %v, want %v", err, fri.ErrFinalPoly)
	}
}

// TestForgeFR1 opens noise with a final polynomial through every point that is left.
func TestForgeFR1(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	o := newOpener(forgeExt, forgeParams(), []committed{noise(rng, 6, 2, randomExt(rng))})
	conclude(t, o, o.prove(o.transcript(), cheat{finalLen: 2}), "FR1", fri.ErrFinalPolyLen)
}

// TestForgeFR2 opens two matrices of no low degree, of different heights. What is wrong
// with the taller one survives its fold unchanged, whatever β is, and is what the shorter
// one takes away when it joins without a power of β. The point is known when they are
// committed.
func TestForgeFR2(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	x, f := forgeExt, forgeExt.Base
	params := forgeParams()
	params.MaxLogArity = 1
	const log = 6
	z := f.FromUint(2) // outside the cosets: its 2^log-th power is not the generator's
	if f.Exp2(z, log) == f.Exp2(f.Generator(), log) {
		t.Fatal("the point lies in the domain")
	}
	tall := committed{values: matrix.New(1<<log, 1), claims: []fri.Opening{{Z: x.FromBase(z), Values: []field.E{x.FromBase(random(rng))}}}}
	short := committed{values: matrix.New(1<<(log-1), 1), claims: []fri.Opening{{Z: x.FromBase(z), Values: []field.E{x.FromBase(random(rng))}}}}
	for i := range 1 << (log - 1) {
		bad := random(rng)
		// (claim - value)/(z - point) is bad on both rows of the pair, and -bad below.
		for k := 2 * i; k < 2*i+2; k++ {
			tall.values.Values[k] = f.Sub(tall.claims[0].Values[0][0], f.Mul(bad, f.Sub(z, point(f, log, k))))
		}
		short.values.Values[i] = f.Add(short.claims[0].Values[0][0], f.Mul(bad, f.Sub(z, point(f, log-1, i))))
	}
	o := newOpener(x, params, []committed{tall, short})
	conclude(t, o, o.prove(o.transcript(), cheat{plainRollIn: true}), "FR2", fri.ErrFinalPoly)
	// Nor does it pass when it is folded as the real verifier does.
	err := o.verifier().Verify(o.transcript(), o.claims(), o.prove(o.transcript(), cheat{}))
	if !errors.Is(err, fri.ErrFinalPoly) {
		t.Errorf("got %v, want %v", err, fri.ErrFinalPoly)
	}
}

// TestForgeFR4 claims anything about a second commitment and does not open it.
func TestForgeFR4(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	z := randomExt(rng)
	o := newOpener(forgeExt, forgeParams(), []committed{lowDegree(rng, forgeParams(), 6, 2, z)}, []committed{noise(rng, 6, 1, z)})
	conclude(t, o, o.prove(o.transcript(), cheat{skipRounds: 1}), "FR4", fri.ErrInputCount)
}

// TestForgeFR7 moves the boundary between two rows of one leaf: the same values hash to
// the same digest and batch to the same sum, but stand in another matrix.
func TestForgeFR7(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	z := randomExt(rng)
	o := newOpener(forgeExt, forgeParams(), []committed{
		lowDegree(rng, forgeParams(), 6, 1, z), lowDegree(rng, forgeParams(), 6, 1, z), lowDegree(rng, forgeParams(), 6, 3, z),
	})
	p := o.prove(o.transcript(), cheat{})
	if err := o.verifier().Verify(o.transcript(), o.claims(), p); err != nil {
		t.Fatal(err)
	}
	for q, rows := range p.Inputs[0].Rows {
		p.Inputs[0].Rows[q] = [][]field.Elem{{rows[0][0], rows[1][0]}, {}, rows[2]}
	}
	conclude(t, o, p, "FR7", merkle.ErrRowShape)
}

// lateFinal is a transcript that forgets the final polynomial.
type lateFinal struct{ challenger.Transcript }

func (t lateFinal) ObserveExt(label string, v ...field.E) {
	if label != "final-poly" {
		t.Transcript.ObserveExt(label, v...)
	}
}

// TestForgeFS3 opens noise with a final polynomial that is chosen once the queries are
// known, through the points at which they arrive.
func TestForgeFS3(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 1))
	params := forgeParams()
	params.LogFinalPolyLen, params.NumQueries = 4, 16
	o := newOpener(forgeExt, params, []committed{noise(rng, 8, 1, randomExt(rng))})
	p := o.prove(lateFinal{o.transcript()}, cheat{lateFinal: true})
	if err := o.verifier().Verify(lateFinal{o.transcript()}, o.claims(), p); err != nil {
		t.Errorf("the verifier that forgets the final polynomial refuses the forgery: %v", err)
	}
	if err := o.verifier().Verify(o.transcript(), o.claims(), p); err == nil {
		t.Fatal("FORGERY ACCEPTED (FS3)")
	}
}

// TestBelowCap opens a matrix that has fewer rows than the cap has digests as another one:
// both have the same commitment, because no node of the tree below the cap contains them.
// Upstream commits to such matrices; we open none.
func TestBelowCap(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 1))
	params := forgeParams()
	params.CapHeight = 3
	z := randomExt(rng)
	tall := lowDegree(rng, params, 6, 1, z)
	a := newOpener(forgeExt, params, []committed{tall, lowDegree(rng, params, 2, 1, z)})
	b := newOpener(forgeExt, params, []committed{tall, lowDegree(rng, params, 2, 1, z)})
	if !slices.Equal(a.trees[0].Top(), b.trees[0].Top()) {
		t.Fatal("the commitments differ")
	}
	for _, o := range []*opener{a, b} {
		if err := o.verifier().Verify(o.transcript(), o.claims(), o.prove(o.transcript(), cheat{})); !errors.Is(err, fri.ErrTooShort) {
			t.Errorf("got %v, want %v", err, fri.ErrTooShort)
		}
	}
	// At the cap's own height a matrix is held.
	o := newOpener(forgeExt, params, []committed{tall, lowDegree(rng, params, 3, 1, z)})
	if err := o.verifier().Verify(o.transcript(), o.claims(), o.prove(o.transcript(), cheat{})); err != nil {
		t.Error(err)
	}
}

// TestNeverFolded is FR10: a matrix that the folding would not reach is refused, whatever
// is claimed about it.
func TestNeverFolded(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 1))
	params := forgeParams()
	params.LogFinalPolyLen = 2
	z := randomExt(rng)
	o := newOpener(forgeExt, params, []committed{lowDegree(rng, params, 6, 1, z), noise(rng, 2, 1, z)})
	if err := o.verifier().Verify(o.transcript(), o.claims(), o.prove(o.transcript(), cheat{})); !errors.Is(err, fri.ErrTooShort) {
		t.Errorf("got %v, want %v", err, fri.ErrTooShort)
	}
}
