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
