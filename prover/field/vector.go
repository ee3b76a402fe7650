package field

import (
	"unsafe"

	"github.com/consensys/gnark-crypto/field/babybear"
	"github.com/consensys/gnark-crypto/field/koalabear"
)

// The vector operations lend slices to gnark-crypto, whose elements have the same
// layout (a [1]uint32 Montgomery word with the same R), and fall back to a loop for a
// few elements, where the call costs more than it saves. All slices of a call have
// equal length; dst may be one of the operands.

const vectorMin = 8

func kb(a []Elem) koalabear.Vector {
	return unsafe.Slice((*koalabear.Element)(unsafe.Pointer(unsafe.SliceData(a))), len(a))
}

func bb(a []Elem) babybear.Vector {
	return unsafe.Slice((*babybear.Element)(unsafe.Pointer(unsafe.SliceData(a))), len(a))
}

// AddVec sets dst[i] = a[i] + b[i].
func (f *Field) AddVec(dst, a, b []Elem) {
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

// SubVec sets dst[i] = a[i] - b[i].
func (f *Field) SubVec(dst, a, b []Elem) {
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

// MulVec sets dst[i] = a[i]·b[i].
func (f *Field) MulVec(dst, a, b []Elem) {
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

// ScaleVec sets dst[i] = a[i]·s.
func (f *Field) ScaleVec(dst, a []Elem, s Elem) {
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

// Dot returns Σ a[i]·b[i].
func (f *Field) Dot(a, b []Elem) Elem {
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

// AddScalarVec sets dst[i] = a[i] + s.
func (f *Field) AddScalarVec(dst, a []Elem, s Elem) {
	dst = dst[:len(a)]
	for i, v := range a {
		dst[i] = f.Add(v, s)
	}
}

// RSubScalarVec sets dst[i] = s - a[i].
func (f *Field) RSubScalarVec(dst []Elem, s Elem, a []Elem) {
	dst = dst[:len(a)]
	for i, v := range a {
		dst[i] = f.Sub(s, v)
	}
}

// MulAddVec sets dst[i] += a[i]·s, using tmp (of the same length) for the products.
func (f *Field) MulAddVec(dst, a []Elem, s Elem, tmp []Elem) {
	f.ScaleVec(tmp, a, s)
	f.AddVec(dst, dst, tmp)
}
