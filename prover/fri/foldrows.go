package fri

import "rpp-node/prover/field"

// foldPairs pairs of values are folded at a time, in the first level of cache.
const foldPairs = 512

// FoldRows sets dst[i] to row from+i folded, word being the values of these rows, which
// stay. Rows are folded side by side by the vector kernels; from any part of a codeword
// come the same bytes.
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

// FoldRowsAt is FoldRows for rows that lie anywhere: dst[i] is row rows[i] folded.
func (d *Folder) FoldRowsAt(dst, word []field.E, rows []int) {
	f := d.x.Base
	var buf [foldPairs]field.E
	var inv [foldPairs]field.Elem
	var first [foldPairs]field.Elem // 1/x at the first point x of each row
	together := foldPairs << 1 >> d.logArity
	for len(dst) > 0 {
		n := min(together, len(dst))
		for i, row := range rows[:n] {
			first[i] = product(f, f.RootInv, row, d.logArity)
		}
		src := word[:n<<d.logArity]
		for i := range d.logArity {
			left := d.logArity - 1 - i
			at := inv[:0]
			for k, v := range first[:n] {
				for _, turn := range d.turns[:1<<left] {
					at = append(at, f.Mul(v, turn))
				}
				first[k] = f.Square(v)
			}
			d.x.FoldVec(buf[:len(at)], src, d.betas[i], at)
			src = buf[:len(at)]
		}
		copy(dst, src)
		dst, word, rows = dst[n:], word[n<<d.logArity:], rows[n:]
	}
}
