package fri

import (
	"rpp-node/prover/challenger"
	"rpp-node/prover/codec"
	"rpp-node/prover/field"
)

// VerifyWithout is Verify without one rule, by the name of the bug that its absence is.
func (v *Verifier) VerifyWithout(rule string, t challenger.Transcript, rounds []Round, p *codec.FRIProof) error {
	c := strict()
	switch rule {
	case "FR1":
		c.finalPolyLen = func(int, int) error { return nil }
	case "FR2":
		c.rollIn = func(x *field.Ext, _ field.E, _ int) field.E { return x.One() }
	case "FR4":
		c.inputCount = func(int, int) error { return nil }
	case "FR7":
		c.rowWidth = func(_ int, in *codec.BatchOpening, j int) int { return len(in.Rows[0][j]) }
	default:
		panic("no rule " + rule)
	}
	s := session{Verifier: v, checks: c, t: t, rounds: rounds, p: p}
	return s.run()
}

// Fold folds one row, as the definition says: FoldRows and FoldRowsAt are compared with
// it. It overwrites values. Their points are x·u for the first point x and the roots of unity u of the row's
// size in bit-reversed order; after a halving they are x²·u, u being half as many roots.
func (d *Folder) Fold(row int, values []field.E) field.E {
	x, f := d.x, d.x.Base
	rows := d.logHeight - d.logArity
	inv := f.Exp(f.RootInv(d.logHeight), uint64(field.ReverseBits(row, rows))) // 1/x
	for i := range d.logArity {
		half := len(values) / 2
		for t := range half {
			lo, hi, at := &values[2*t], &values[2*t+1], f.Mul(inv, d.turns[t])
			var mean, slope field.E
			for k := range x.D {
				mean[k] = f.Mul(f.Add(lo[k], hi[k]), f.Half())
				slope[k] = f.Mul(f.Sub(lo[k], hi[k]), at)
			}
			x.MulTo(&slope, &slope, &d.betas[i])
			for k := range x.D {
				values[t][k] = f.Add(mean[k], slope[k])
			}
		}
		values = values[:half]
		inv = f.Square(inv)
	}
	return values[0]
}
