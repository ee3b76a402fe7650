package field

import (
	"unsafe"

	"github.com/consensys/gnark-crypto/field/babybear"
	"github.com/consensys/gnark-crypto/field/koalabear"
)

// Where no kernel of ours runs, slices are lent to gnark-crypto, whose elements have the
// same layout (a [1]uint32 Montgomery word with the same R) and which has kernels for
// other architectures. A few elements are done in a loop: there the call costs more than
// it saves.

const vectorMin = 8

func kb(a []Elem) koalabear.Vector {
	return unsafe.Slice((*koalabear.Element)(unsafe.Pointer(unsafe.SliceData(a))), len(a))
}

func bb(a []Elem) babybear.Vector {
	return unsafe.Slice((*babybear.Element)(unsafe.Pointer(unsafe.SliceData(a))), len(a))
}

func (f *Field) gnarkAdd(dst, a, b []Elem) {
	switch {
	case len(a) < vectorMin:
		for i := range a {
			dst[i] = f.Add(a[i], b[i])
		}
	case f == KoalaBear:
		v := kb(dst)
		v.Add(kb(a), kb(b))
	default:
		v := bb(dst)
		v.Add(bb(a), bb(b))
	}
}

func (f *Field) gnarkSub(dst, a, b []Elem) {
	switch {
	case len(a) < vectorMin:
		for i := range a {
			dst[i] = f.Sub(a[i], b[i])
		}
	case f == KoalaBear:
		v := kb(dst)
		v.Sub(kb(a), kb(b))
	default:
		v := bb(dst)
		v.Sub(bb(a), bb(b))
	}
}

func (f *Field) gnarkMul(dst, a, b []Elem) {
	switch {
	case len(a) < vectorMin:
		for i := range a {
			dst[i] = f.Mul(a[i], b[i])
		}
	case f == KoalaBear:
		v := kb(dst)
		v.Mul(kb(a), kb(b))
	default:
		v := bb(dst)
		v.Mul(bb(a), bb(b))
	}
}

func (f *Field) gnarkScale(dst, a []Elem, s Elem) {
	switch {
	case len(a) < vectorMin:
		for i := range a {
			dst[i] = f.Mul(a[i], s)
		}
	case f == KoalaBear:
		v := kb(dst)
		v.ScalarMul(kb(a), &koalabear.Element{uint32(s)})
	default:
		v := bb(dst)
		v.ScalarMul(bb(a), &babybear.Element{uint32(s)})
	}
}

func (f *Field) gnarkDot(a, b []Elem) Elem {
	switch {
	case len(a) < vectorMin:
		var acc Elem
		for i := range a {
			acc = f.Add(acc, f.Mul(a[i], b[i]))
		}
		return acc
	case f == KoalaBear:
		va := kb(a)
		return Elem(va.InnerProduct(kb(b))[0])
	default:
		va := bb(a)
		return Elem(va.InnerProduct(bb(b))[0])
	}
}
