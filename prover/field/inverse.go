package field

// Batches of inverses are Montgomery's trick over a tree: products of the two halves of
// a slice, element by element, then of those, until a few are left, so that every step is
// a vector operation; each inverse times one half gives the inverses of the other. That
// is three products an element, as for the chain of prefixes. A zero makes the last
// products zero; the rare slice that has one is done again as a chain.

const (
	// treeMin is where a tree begins to pay.
	treeMin = 32
	// treeMax elements share one inversion.
	treeMax = 1 << 12
	// treeExtra is what rounding up adds to the lengths of a tree's levels, at most.
	treeExtra = 16
)

// inverter is a field whose elements are inverted in batches.
type inverter[T comparable] interface {
	MulVec(dst, a, b []T)
	invChain(a, prefix []T)
}

// BatchInv replaces every non-zero element of a by its inverse. Zeros stay zero.
func (f *Field) BatchInv(a []Elem) { batchInv(f, a) }

// BatchInv replaces every non-zero element of a by its inverse. Zeros stay zero.
func (x *Ext) BatchInv(a []E) { batchInv(x, a) }

func batchInv[T comparable](f inverter[T], a []T) {
	if len(a) == 0 {
		return
	}
	scratch := make([]T, min(len(a), treeMax)+treeExtra)
	for len(a) > 0 {
		n := min(len(a), treeMax)
		if !invTree(f, a[:n], scratch) {
			f.invChain(a[:n], scratch)
		}
		a = a[n:]
	}
}

// invTree inverts a, unless it finds a zero: then it changes nothing and returns false.
func invTree[T comparable](f inverter[T], a, scratch []T) bool {
	var zero T
	if len(a) < treeMin {
		for _, v := range a {
			if v == zero {
				return false
			}
		}
		f.invChain(a, scratch)
		return true
	}
	half := len(a) / 2
	lo, hi, odd := a[:half], a[half:2*half], a[2*half:]
	up, scratch := scratch[:half+len(odd)], scratch[half+len(odd):]
	f.MulVec(up[:half], lo, hi)
	copy(up[half:], odd)
	if !invTree(f, up, scratch) {
		return false
	}
	copy(odd, up[half:])
	f.MulVec(scratch[:half], up[:half], lo)
	f.MulVec(lo, up[:half], hi)
	copy(hi, scratch)
	return true
}

// invChain inverts what is not zero, with room for as many prefixes as elements.
func (f *Field) invChain(a, prefix []Elem) {
	acc := f.one
	for i, v := range a {
		prefix[i] = acc
		if v != 0 {
			acc = f.Mul(acc, v)
		}
	}
	acc = f.Inv(acc)
	for i := len(a) - 1; i >= 0; i-- {
		if v := a[i]; v != 0 {
			a[i] = f.Mul(acc, prefix[i])
			acc = f.Mul(acc, v)
		}
	}
}

// invChain inverts what is not zero, with room for as many prefixes as elements.
func (x *Ext) invChain(a, prefix []E) {
	acc := x.One()
	for i := range a {
		prefix[i] = acc
		if a[i] != (E{}) {
			x.MulTo(&acc, &acc, &a[i])
		}
	}
	acc = x.Inv(acc)
	for i := len(a) - 1; i >= 0; i-- {
		if v := a[i]; v != (E{}) {
			x.MulTo(&a[i], &acc, &prefix[i])
			x.MulTo(&acc, &acc, &v)
		}
	}
}
