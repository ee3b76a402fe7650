package field

import "rpp-node/prover/kernels"

//go:noescape
func addVecAVX2(dst, a, b *Elem, n int, p, mu uint32)

//go:noescape
func subVecAVX2(dst, a, b *Elem, n int, p, mu uint32)

//go:noescape
func mulVecAVX2(dst, a, b *Elem, n int, p, mu uint32)

//go:noescape
func scaleVecAVX2(dst, a *Elem, n int, s, smu, p, mu uint32)

//go:noescape
func addScalarVecAVX2(dst, a *Elem, n int, s, smu, p, mu uint32)

//go:noescape
func rsubScalarVecAVX2(dst, a *Elem, n int, s, smu, p, mu uint32)

//go:noescape
func mulAddVecAVX2(dst, a *Elem, n int, s, smu, p, mu uint32)

//go:noescape
func dotVecAVX2(out *[8]uint64, a, b *Elem, n int, m uint64)

//go:noescape
func addVecAVX512(dst, a, b *Elem, n int, p, mu uint32)

//go:noescape
func subVecAVX512(dst, a, b *Elem, n int, p, mu uint32)

//go:noescape
func mulVecAVX512(dst, a, b *Elem, n int, p, mu uint32)

//go:noescape
func scaleVecAVX512(dst, a *Elem, n int, s, smu, p, mu uint32)

//go:noescape
func addScalarVecAVX512(dst, a *Elem, n int, s, smu, p, mu uint32)

//go:noescape
func rsubScalarVecAVX512(dst, a *Elem, n int, s, smu, p, mu uint32)

//go:noescape
func mulAddVecAVX512(dst, a *Elem, n int, s, smu, p, mu uint32)

//go:noescape
func dotVecAVX512(out *[8]uint64, a, b *Elem, n int, m uint64)

// stretch is the number of elements that one call of a kernel works on: even from main
// memory less than 100 µs, for the garbage collector cannot stop a kernel.
const stretch = 1 << 16

// binaryKernel runs one of the kernels on two vectors and reports whether there is one.
func (f *Field) binaryKernel(op binaryOp, dst, a, b []Elem) bool {
	set := kernels.Active()
	if set == kernels.Portable {
		return false
	}
	wide := set == kernels.AVX512
	for len(a) > 0 {
		n := min(len(a), stretch)
		d, x, y := &dst[0], &a[0], &b[0]
		switch {
		case op == opAdd && wide:
			addVecAVX512(d, x, y, n, f.p, f.mu)
		case op == opAdd:
			addVecAVX2(d, x, y, n, f.p, f.mu)
		case op == opSub && wide:
			subVecAVX512(d, x, y, n, f.p, f.mu)
		case op == opSub:
			subVecAVX2(d, x, y, n, f.p, f.mu)
		case wide:
			mulVecAVX512(d, x, y, n, f.p, f.mu)
		default:
			mulVecAVX2(d, x, y, n, f.p, f.mu)
		}
		dst, a, b = dst[n:], a[n:], b[n:]
	}
	return true
}

// scalarKernel runs one of the kernels on a vector and an element and reports whether
// there is one.
func (f *Field) scalarKernel(op scalarOp, dst, a []Elem, s Elem) bool {
	set := kernels.Active()
	if set == kernels.Portable {
		return false
	}
	wide := set == kernels.AVX512
	w, wmu := uint32(s), uint32(s)*f.mu
	for len(a) > 0 {
		n := min(len(a), stretch)
		d, x := &dst[0], &a[0]
		switch {
		case op == opScale && wide:
			scaleVecAVX512(d, x, n, w, wmu, f.p, f.mu)
		case op == opScale:
			scaleVecAVX2(d, x, n, w, wmu, f.p, f.mu)
		case op == opAddScalar && wide:
			addScalarVecAVX512(d, x, n, w, wmu, f.p, f.mu)
		case op == opAddScalar:
			addScalarVecAVX2(d, x, n, w, wmu, f.p, f.mu)
		case op == opRSubScalar && wide:
			rsubScalarVecAVX512(d, x, n, w, wmu, f.p, f.mu)
		case op == opRSubScalar:
			rsubScalarVecAVX2(d, x, n, w, wmu, f.p, f.mu)
		case wide:
			mulAddVecAVX512(d, x, n, w, wmu, f.p, f.mu)
		default:
			mulAddVecAVX2(d, x, n, w, wmu, f.p, f.mu)
		}
		dst, a = dst[n:], a[n:]
	}
	return true
}

// dotKernel returns Σ a[i]·b[i], and whether there is a kernel. Each of the kernel's sums
// is below p·2^32.
func (f *Field) dotKernel(a, b []Elem) (Elem, bool) {
	set := kernels.Active()
	if set == kernels.Portable {
		return 0, false
	}
	m := f.m()
	var acc Elem
	for len(a) > 0 {
		n := min(len(a), stretch)
		var sums [8]uint64
		if set == kernels.AVX512 {
			dotVecAVX512(&sums, &a[0], &b[0], n, m)
		} else {
			dotVecAVX2(&sums, &a[0], &b[0], n, m)
		}
		var total uint64
		for _, s := range sums {
			total = below(total+s, m)
		}
		acc = f.Add(acc, f.reduce(total))
		a, b = a[n:], b[n:]
	}
	return acc, true
}
