package verifier

import (
	"fmt"
	"slices"

	"rpp-node/prover/challenger"
	"rpp-node/prover/codec"
	"rpp-node/prover/field"
	"rpp-node/prover/fri"
	"rpp-node/prover/merkle"
	"rpp-node/prover/system"
)

// Statement is what a proof is to be about. LogHeights must come from the key or the
// caller, never from the proof.
type Statement struct {
	LogHeights []int
	Publics    [][]field.Elem
}

// VerifyBytes decodes a proof of at most limit bytes and verifies it.
func VerifyBytes(s *system.System, st *Statement, b []byte, limit int) error {
	p, err := codec.Format{Ext: s.Ext, Hash: s.Hash}.Decode(b, limit)
	if err != nil {
		return reject(err)
	}
	return Verify(s, st, p)
}

// Verify decides whether p proves st. The proof comes from a decoder or from the prover:
// every field element in it is reduced.
func Verify(s *system.System, st *Statement, p *codec.Proof) error {
	return reject(newVerification(s, st, p).run())
}

type verification struct {
	*system.System
	st  *Statement
	p   *codec.Proof
	t   challenger.Transcript
	fri fri.Verifier
}

func newVerification(s *system.System, st *Statement, p *codec.Proof) *verification {
	return &verification{
		System: s, st: st, p: p,
		t:   challenger.New(s.Hash, s.Ext),
		fri: fri.Verifier{Ext: s.Ext, Suite: merkle.NewSuite(s.Hash, s.Ext.Base), Params: s.FRI},
	}
}

func (v *verification) run() error {
	if err := v.FRI.Validate(); err != nil {
		return err
	}
	if err := v.CheckHeights(v.st.LogHeights); err != nil {
		return err
	}
	if err := v.CheckPublics(v.st.Publics); err != nil {
		return err
	}
	if err := v.checkShape(); err != nil {
		return err
	}
	args, err := v.replay()
	if err != nil {
		return err
	}
	if err := v.fri.Verify(v.t, v.openings(args.zeta), &v.p.FRI); err != nil {
		return err
	}
	for i := range v.Circuit.Tables {
		if err := v.checkConstraints(i, args); err != nil {
			return err
		}
	}
	return v.checkBalance()
}

// replay absorbs the proof up to ζ and draws the challenges.
func (v *verification) replay() (*constraintArgs, error) {
	p, hs := v.p, v.st.LogHeights
	args := &constraintArgs{}
	v.Begin(v.t, hs, p.Main, v.st.Publics)
	if v.Circuit.HasLookups() {
		args.lookups = v.Lookup(v.t)
		v.Permutation(v.t, p.Permutation, p.Terminals)
	}
	args.alpha = v.Alpha(v.t)
	args.zeta = v.Zeta(v.t, p.Quotient)
	for i, h := range hs {
		sel, ok := system.SelectorsAt(v.Ext, h, args.zeta)
		if !ok {
			return nil, fmt.Errorf("%w: table %q", ErrZeta, v.Circuit.Tables[i].Name)
		}
		args.selectors = append(args.selectors, sel)
	}
	return args, nil
}

// checkShape compares every list of opened values with the circuit's shape.
func (v *verification) checkShape() error {
	p, n := v.p, len(v.Circuit.Tables)
	if len(p.Instances) != n || len(p.DegreeBits) != n || len(p.Terminals) != n {
		return fmt.Errorf("%w: %d instances, %d heights, %d terminals for %d tables", ErrInstanceCount, len(p.Instances), len(p.DegreeBits), len(p.Terminals), n)
	}
	for i, h := range v.st.LogHeights {
		if p.DegreeBits[i] != uint64(h) {
			return fmt.Errorf("%w: table %q: 2^%d rows, want 2^%d", ErrDegreeBits, v.Circuit.Tables[i].Name, p.DegreeBits[i], h)
		}
	}
	if (p.Permutation != nil) != v.Circuit.HasLookups() {
		return ErrCapPresence
	}
	if err := v.checkCaps(); err != nil {
		return err
	}
	for i := range v.Circuit.Tables {
		if err := v.checkOpened(i); err != nil {
			return fmt.Errorf("%w (table %q)", err, v.Circuit.Tables[i].Name)
		}
	}
	return nil
}

// checkCaps compares the length of every commitment that is opened, the key's included,
// with what its tallest matrix demands.
func (v *verification) checkCaps() error {
	if !v.HasPreprocessed() && len(v.PrepCap) > 0 {
		return fmt.Errorf("%w: %d digests in the key, want none", system.ErrPreprocessed, len(v.PrepCap))
	}
	for _, r := range v.Rounds(v.st.LogHeights) {
		n, want := len(v.roundCap(r.Kind)), 1<<merkle.LogCap(v.FRI.CapHeight, v.Shape(&r).LogMax())
		switch {
		case n == want:
		case r.Kind == system.Preprocessed:
			return fmt.Errorf("%w: %d digests in the key, want %d", system.ErrPreprocessed, n, want)
		default:
			return fmt.Errorf("%w: %s: %d, want %d", merkle.ErrCapLength, r.Kind, n, want)
		}
	}
	return nil
}

func (v *verification) checkOpened(i int) error {
	t, l, o := &v.Circuit.Tables[i], &v.Layout.Tables[i], &v.p.Instances[i]
	perm := l.Width() * v.Ext.D
	for _, c := range []struct {
		name      string
		got, want int
	}{
		{"main at ζ", len(o.MainLocal), t.Width},
		{"main at ζω", len(o.MainNext), width(t.Width, t.MainNext)},
		{"preprocessed at ζ", len(o.PrepLocal), t.PrepWidth},
		{"preprocessed at ζω", len(o.PrepNext), width(t.PrepWidth, t.PrepNext)},
		{"permutation at ζ", len(o.PermLocal), perm},
		{"permutation at ζω", len(o.PermNext), perm},
		{"quotient chunks", len(o.Quotient), 1 << l.LogChunks},
	} {
		if c.got != c.want {
			return fmt.Errorf("%w: %s: %d, want %d", ErrOpenedWidth, c.name, c.got, c.want)
		}
	}
	// An option that is there but empty would be a second encoding of the same proof.
	if (o.MainNext != nil) != t.MainNext || (o.PrepLocal != nil) != (t.PrepWidth > 0) || (o.PrepNext != nil) != (t.PrepWidth > 0 && t.PrepNext) {
		return fmt.Errorf("%w: a list that the circuit does not open", ErrOpenedWidth)
	}
	for c, q := range o.Quotient {
		if len(q) != v.Ext.D {
			return fmt.Errorf("%w: quotient chunk %d: %d, want %d", ErrOpenedWidth, c, len(q), v.Ext.D)
		}
	}
	if (v.p.Terminals[i] != nil) != (perm > 0) {
		return ErrTerminals
	}
	return nil
}

func width(w int, opened bool) int {
	if opened {
		return w
	}
	return 0
}

// openings lists the claims, commitment by commitment.
func (v *verification) openings(zeta field.E) []fri.Round {
	var out []fri.Round
	for _, r := range v.Rounds(v.st.LogHeights) {
		fr := fri.Round{Cap: v.roundCap(r.Kind)}
		for _, m := range r.Mats {
			o := &v.p.Instances[m.Table]
			var here, next []field.E
			switch r.Kind {
			case system.Main:
				here, next = o.MainLocal, o.MainNext
			case system.Quotient:
				here = o.Quotient[m.Chunk]
			case system.Preprocessed:
				here, next = o.PrepLocal, o.PrepNext
			case system.Permutation:
				here, next = o.PermLocal, o.PermNext
			}
			fm := fri.Mat{LogHeight: m.LogHeight + v.FRI.LogBlowup, Width: m.Width, Openings: []fri.Opening{{Z: zeta, Values: here}}}
			if m.Next {
				fm.Openings = append(fm.Openings, fri.Opening{Z: v.Ext.MulBase(zeta, v.Ext.Base.Root(m.LogHeight)), Values: next})
			}
			fr.Mats = append(fr.Mats, fm)
		}
		out = append(out, fr)
	}
	return out
}

func (v *verification) roundCap(k system.RoundKind) []merkle.Digest {
	switch k {
	case system.Main:
		return v.p.Main
	case system.Quotient:
		return v.p.Quotient
	case system.Preprocessed:
		return v.PrepCap
	default:
		return v.p.Permutation
	}
}

func (v *verification) checkBalance() error {
	var sum field.E
	for _, t := range v.p.Terminals {
		if t != nil {
			sum = v.Ext.Add(sum, *t)
		}
	}
	if !slices.Equal(sum[:], make([]field.Elem, len(sum))) {
		return ErrBalance
	}
	return nil
}
