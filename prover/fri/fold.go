package fri

import (
	"rpp-node/prover/field"
)

// Folder folds rows of 2^logArity neighbours of a bit-reversed codeword of 2^logHeight
// values. Pairs (lo, hi) at the points ±x become (lo + hi)/2 + β(lo - hi)/(2x), then
// again with β², and so on: the value at β of the polynomial through the row.
type Folder struct {
	x         *field.Ext
	logArity  int
	logHeight int
	betas     []field.E    // β^(2^i)/2
	turns     []field.Elem // 1/u for the first of each pair, ±u, of the row's roots of unity
}

// NewFolder prepares the round with challenge beta.
func NewFolder(x *field.Ext, logHeight, logArity int, beta field.E) *Folder {
	d := &Folder{x: x, logArity: logArity, logHeight: logHeight}
	for range logArity {
		d.betas = append(d.betas, x.MulBase(beta, x.Base.Half()))
		beta = x.Square(beta)
	}
	half := logArity - 1
	d.turns = make([]field.Elem, 1<<half)
	for t, r := range x.Base.Powers(x.Base.One(), x.Base.RootInv(logArity), 1<<half) {
		d.turns[field.ReverseBits(t, half)] = r
	}
	return d
}

// Fold folds one row, row being its index among the codeword's rows. It overwrites
// values. Their points are x·u for the first point x and the roots of unity u of the row's
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
