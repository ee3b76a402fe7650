package verifier_test

import (
	"slices"
	"testing"

	"rpp-node/prover/air"
	"rpp-node/prover/challenger"
	"rpp-node/prover/codec"
	"rpp-node/prover/device"
	"rpp-node/prover/field"
	"rpp-node/prover/fri"
	"rpp-node/prover/matrix"
	"rpp-node/prover/merkle"
	"rpp-node/prover/shard"
	"rpp-node/prover/stark"
	"rpp-node/prover/system"
	"rpp-node/prover/verifier"
)

// Forgeries against a transcript that forgets a message: each proves something false to
// a verifier with that transcript and must fail with the real one, so that the message is
// known to be needed. FS1 to FS5 except FS3, which is in package fri with the forgeries
// against the low-degree test.

// forgetful does not absorb messages with a given label.
type forgetful struct {
	challenger.Transcript
	label string
}

func (t *forgetful) Observe(label string, v ...field.Elem) {
	if label != t.label {
		t.Transcript.Observe(label, v...)
	}
}

func (t *forgetful) ObserveExt(label string, v ...field.E) {
	if label != t.label {
		t.Transcript.ObserveExt(label, v...)
	}
}

func (t *forgetful) ObserveCap(label string, cap []merkle.Digest) {
	if label != t.label {
		t.Transcript.ObserveCap(label, cap)
	}
}

// forging is a system under attack through a transcript that forgets a label.
type forging struct {
	sys   *system.System
	key   *stark.Key
	label string
}

func newForging(tb testing.TB, label string, tables ...air.Table) *forging {
	tb.Helper()
	x := field.KoalaBear4
	c := &air.Circuit{Name: "forged", Field: x.Base, Tables: tables}
	s, err := system.New(c, x, merkle.Poseidon2, fri.Params{LogBlowup: 2, MaxLogArity: 2, NumQueries: 12}, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return &forging{s, stark.NewKey(s, device.NewCPU(1)), label}
}

func (f *forging) forget(t challenger.Transcript) challenger.Transcript {
	return &forgetful{t, f.label}
}

// prove runs the prover with the forgetful transcript on any witness, true or not.
func (f *forging) prove(tb testing.TB, w *stark.Witness) *codec.Proof {
	tb.Helper()
	p, err := stark.Prove(f.key, w, stark.Options{Device: device.NewCPU(1), Plan: shard.DefaultPlan(), Participants: 1, Transcript: f.forget})
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// weak verifies with the forgetful transcript and returns what it drew.
func (f *forging) weak(st *verifier.Statement, p *codec.Proof) ([]entry, error) {
	rec := &tape{}
	err := verifier.VerifyThrough(f.sys, st, p, func(t challenger.Transcript) challenger.Transcript {
		rec.Transcript = f.forget(t)
		return rec
	})
	return rec.entries, err
}

// challenge is the first challenge of a label on a tape.
func challenge(tb testing.TB, tape []entry, label string) (e field.E) {
	tb.Helper()
	i := slices.IndexFunc(tape, func(e entry) bool { return e.sample && e.label == label })
	if i < 0 {
		tb.Fatalf("no challenge %q on the tape", label)
	}
	for k, w := range tape[i].words {
		e[k] = field.Elem(w)
	}
	return e
}

// conclude demands that the weak verifier accept the forgery and the real one refuse it.
// There is no proof of work that could fail first.
func (f *forging) conclude(t *testing.T, st *verifier.Statement, p *codec.Proof) {
	t.Helper()
	if _, err := f.weak(st, p); err != nil {
		t.Errorf("the verifier that forgets %q refuses the forgery: %v", f.label, err)
	}
	err := verifier.Verify(f.sys, st, p)
	if err == nil {
		t.Fatalf("FORGERY ACCEPTED (%s)", f.label)
	}
	t.Logf("the real verifier: %v", err)
	codeOf(t, err)
	// The same bytes fail too.
	b := codec.Format{Ext: f.sys.Ext, Hash: f.sys.Hash}.Encode(nil, p)
	if verifier.VerifyBytes(f.sys, st, b, codec.MaxProofBytes) == nil {
		t.Fatalf("FORGERY ACCEPTED as bytes (%s)", f.label)
	}
}

// TestForgeFS1 changes public values after the proof is made. The constraints at ζ are
// affine in them: with more values than the extension has coefficients, some other values
// give the same sum.
func TestForgeFS1(t *testing.T) {
	const n = 6
	base := field.KoalaBear
	b := air.NewBuilder(base, "constants", n, n)
	b.When(b.First(), func() {
		for j := range n {
			b.AssertEqual(b.Main(j), b.Const(uint64(j+1))) // so no other value is public
			b.AssertEqual(b.Main(j), b.Public(j))
		}
	})
	f := newForging(t, "public", b.Table())
	trace := matrix.New(8, n)
	var publics []field.Elem
	for j := range n {
		publics = append(publics, base.FromUint(uint64(j+1)))
		trace.Values[j] = publics[j]
	}
	p := f.prove(t, &stark.Witness{Traces: []matrix.Matrix{trace}, Publics: [][]field.Elem{publics}})
	st := &verifier.Statement{LogHeights: []int{3}, Publics: [][]field.Elem{publics}}
	defect := func(pub []field.Elem) field.E {
		other := &verifier.Statement{LogHeights: st.LogHeights, Publics: [][]field.Elem{pub}}
		return verifier.ConstraintDefect(f.sys, other, p, f.forget, 0)
	}
	if defect(publics) != (field.E{}) {
		t.Fatal("the honest proof is none")
	}
	var columns [n]field.E // what one more of each value adds
	for j := range n {
		pub := slices.Clone(publics)
		pub[j] = base.Add(pub[j], base.One())
		columns[j] = defect(pub)
	}
	delta := kernel(base, columns[:], f.sys.Ext.D)
	forged := slices.Clone(publics)
	for j := range n {
		forged[j] = base.Add(forged[j], delta[j])
	}
	if slices.Equal(forged, publics) {
		t.Fatal("nothing changed")
	}
	f.conclude(t, &verifier.Statement{LogHeights: []int{3}, Publics: [][]field.Elem{forged}}, p)
}

// kernel returns base elements, not all zero, with Σ v_j·columns[j] = 0, for more columns
// than there are coefficients. Gauss-Jordan over the coefficients.
func kernel(f *field.Field, columns []field.E, d int) []field.Elem {
	m := make([][]field.Elem, d)
	for r := range m {
		m[r] = make([]field.Elem, len(columns))
		for c := range columns {
			m[r][c] = columns[c][r]
		}
	}
	var pivots []int // column of row r's pivot
	free := -1
	for c := range columns {
		r := len(pivots)
		hit := -1
		for i := r; i < d; i++ {
			if m[i][c] != 0 {
				hit = i
				break
			}
		}
		if hit < 0 {
			free = c
			break
		}
		m[r], m[hit] = m[hit], m[r]
		inv := f.Inv(m[r][c])
		for k := range m[r] {
			m[r][k] = f.Mul(m[r][k], inv)
		}
		for i := range m {
			if i != r {
				factor := m[i][c]
				for k := range m[i] {
					m[i][k] = f.Sub(m[i][k], f.Mul(factor, m[r][k]))
				}
			}
		}
		pivots = append(pivots, c)
	}
	v := make([]field.Elem, len(columns))
	v[free] = f.One()
	for r, c := range pivots {
		v[c] = f.Neg(m[r][free])
	}
	return v
}

// TestForgeFS2 leaves open which of two tables is the taller one until every challenge up
// to ζ is known: one commitment and one set of challenges serve two statements. With the
// real transcript the heights decide the first challenge already.
func TestForgeFS2(t *testing.T) {
	base := field.KoalaBear
	table := func(name string) air.Table {
		b := air.NewBuilder(base, name, 1, 0)
		b.AssertBool(b.Main(0))
		return b.Table()
	}
	f := newForging(t, "log-height", table("left"), table("right"))
	tall, short := matrix.New(32, 1), matrix.New(8, 1)
	tall.Values[3], short.Values[5] = base.One(), base.One()
	ab := &stark.Witness{Traces: []matrix.Matrix{tall, short}, Publics: [][]field.Elem{nil, nil}}
	ba := &stark.Witness{Traces: []matrix.Matrix{short, tall}, Publics: [][]field.Elem{nil, nil}}
	stAB := &verifier.Statement{LogHeights: []int{5, 3}, Publics: ab.Publics}
	stBA := &verifier.Statement{LogHeights: []int{3, 5}, Publics: ba.Publics}
	pAB, pBA := f.prove(t, ab), f.prove(t, ba)
	if !slices.Equal(pAB.Main, pBA.Main) || !slices.Equal(pAB.Quotient, pBA.Quotient) {
		t.Fatal("the two statements do not share their commitments")
	}
	tapeAB, _ := f.weak(stAB, pAB)
	tapeBA, _ := f.weak(stBA, pBA)
	for _, label := range []string{"alpha", "zeta"} {
		if challenge(t, tapeAB, label) != challenge(t, tapeBA, label) {
			t.Errorf("%s depends on the heights though they are forgotten", label)
		}
	}
	f.conclude(t, stAB, pAB)
	f.conclude(t, stBA, pBA)

	real := *f
	real.label = "none"
	tapeAB, _ = real.weak(stAB, real.prove(t, ab))
	tapeBA, _ = real.weak(stBA, real.prove(t, ba))
	if challenge(t, tapeAB, "alpha") == challenge(t, tapeBA, "alpha") {
		t.Error("FORGERY POSSIBLE: the heights do not enter the transcript")
	}
}

// TestForgeFS4 proves a false trace: with the batching challenge known before the opened
// values are sent, two coefficients of the quotient's opening are moved so that the
// constraints hold at ζ and the batched opening stays as it was (GHSA-vrmm-4mm5-38vm).
func TestForgeFS4(t *testing.T) {
	base := field.KoalaBear
	b := air.NewBuilder(base, "squares", 2, 0)
	b.AssertEqual(b.Main(0).Square(), b.Main(1))
	f := newForging(t, "opened", b.Table())
	x := f.sys.Ext
	trace := matrix.New(8, 2)
	for r := range 8 {
		v := base.FromUint(uint64(r + 2))
		trace.Values[2*r], trace.Values[2*r+1] = v, base.Square(v)
	}
	trace.Values[7] = base.FromUint(1234) // not a square of its neighbour
	w := &stark.Witness{Traces: []matrix.Matrix{trace}, Publics: [][]field.Elem{nil}}
	if f.sys.Circuit.Check(w.Traces, w.Publics) == nil {
		t.Fatal("the trace is true")
	}
	p := f.prove(t, w)
	st := &verifier.Statement{LogHeights: []int{3}, Publics: w.Publics}
	tape, err := f.weak(st, p)
	wantCode(t, err, "V051-constraints")
	if len(p.Instances[0].Quotient) != 1 {
		t.Fatal("the forgery is written for one chunk")
	}
	chunk := p.Instances[0].Quotient[0]
	miss := verifier.ConstraintDefect(f.sys, st, p, f.forget, 0)
	// δ0 + X·δ1 = miss for the quotient and δ0 + α·δ1 = 0 for the batch.
	delta1 := x.Mul(miss, x.Inv(x.Sub(x.Monomial(1), challenge(t, tape, "fri-alpha"))))
	chunk[1] = x.Add(chunk[1], delta1)
	chunk[0] = x.Sub(chunk[0], x.Mul(challenge(t, tape, "fri-alpha"), delta1))
	f.conclude(t, st, p)
}

// TestForgeFS5 proves two false traces whose errors are opposite: each table's terminal
// is solved for after ζ is known so that its constraints hold there, and the errors of the
// two, being opposite, leave the terminals in balance (GHSA-8m24-3cfx-9fjw is of this
// kind).
func TestForgeFS5(t *testing.T) {
	base := field.KoalaBear
	table := func(name string, send bool) air.Table {
		b := air.NewBuilder(base, name, 2, 0)
		b.AssertZero(b.Main(1))
		if one := b.Const(1); send {
			b.Send("bus", one, 1, b.Main(0))
		} else {
			b.Receive("bus", one, 1, b.Main(0))
		}
		return b.Table()
	}
	f := newForging(t, "terminal", table("sender", true), table("receiver", false))
	x := f.sys.Ext
	w := &stark.Witness{Publics: [][]field.Elem{nil, nil}}
	for i := range 2 {
		m := matrix.New(8, 2)
		for r := range 8 {
			m.Values[2*r] = base.FromUint(uint64(100 + r))
		}
		m.Values[2*5+1] = base.FromInt(int64(7 - 14*i)) // must be 0: 7 here, -7 there
		w.Traces = append(w.Traces, m)
	}
	if f.sys.Circuit.Check(w.Traces, w.Publics) == nil {
		t.Fatal("the traces are true")
	}
	p := f.prove(t, w)
	st := &verifier.Statement{LogHeights: []int{3, 3}, Publics: w.Publics}
	tape, err := f.weak(st, p)
	wantCode(t, err, "V051-constraints")
	sel, _ := system.SelectorsAt(x, 3, challenge(t, tape, "zeta"))
	for i := range 2 {
		// The terminal stands in the last constraint alone, times the last row's
		// selector.
		miss := verifier.ConstraintDefect(f.sys, st, p, f.forget, i)
		shift := x.Mul(miss, x.Inv(x.Mul(sel.Last, sel.InvVanishing)))
		*p.Terminals[i] = x.Sub(*p.Terminals[i], shift)
	}
	f.conclude(t, st, p)
}
