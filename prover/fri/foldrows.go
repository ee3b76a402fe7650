package fri

import "rpp-node/prover/field"

// foldPairs pairs of values are folded at a time, in the first level of cache.
const foldPairs = 512

// FoldRows sets dst[i] to what Fold makes of row from+i, word being the values of these
// rows, which stay. Rows are folded side by side by the vector kernels; from any part of
// a codeword come the same bytes.
func (d *Folder) FoldRows(dst, word []field.E, from int) {
	f := d.x.Base
	var buf [foldPairs]field.E
	var inv [foldPairs]field.Elem
	rows := foldPairs << 1 >> d.logArity
	for len(dst) > 0 {
		n := min(rows, len(dst))
		src := word[:n<<d.logArity]
		for i := range d.logArity {
			// Pair t of the level lies at ±x, 1/x = w^-reverse(t), w of the level's order.
			left := d.logArity - 1 - i
			pairs := n << left
			log := d.logHeight - i
			f.PowersReversed(inv[:pairs], f.One(), f.RootInv(log), log-1, from<<left)
			d.x.FoldVec(buf[:pairs], src, d.betas[i], inv[:pairs])
			src = buf[:pairs]
		}
		copy(dst, src)
		dst, word, from = dst[n:], word[n<<d.logArity:], from+n
	}
}
