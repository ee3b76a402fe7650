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
	betas     []field.E // β^(2^i)/2
}

// NewFolder prepares the round with challenge beta.
func NewFolder(x *field.Ext, logHeight, logArity int, beta field.E) *Folder {
	d := &Folder{x: x, logArity: logArity, logHeight: logHeight}
	for range logArity {
		d.betas = append(d.betas, x.MulBase(beta, x.Base.Half()))
		beta = x.Square(beta)
	}
	return d
}

// Fold folds one row, row being its index among the codeword's rows. It overwrites
// values.
func (d *Folder) Fold(row int, values []field.E) field.E {
	x, f := d.x, d.x.Base
	log := d.logHeight
	first := row << d.logArity // index of values[0] in the codeword being halved
	for i := range d.logArity {
		half := len(values) / 2
		// 1/x for the pair at index first/2 + t is w^-reverse(first/2 + t).
		for t := range half {
			inv := f.Exp(f.RootInv(log), uint64(field.ReverseBits(first/2+t, log-1)))
			lo, hi := values[2*t], values[2*t+1]
			mean := x.MulBase(x.Add(lo, hi), f.Half())
			values[t] = x.Add(mean, x.Mul(d.betas[i], x.MulBase(x.Sub(lo, hi), inv)))
		}
		values = values[:half]
		first /= 2
		log--
	}
	return values[0]
}
