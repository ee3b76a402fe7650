package field

import "rpp-node/prover/kernels"

//go:noescape
func extMul4AVX2(dst, a, b *E, n int, s *extState)

//go:noescape
func extMulAdd4AVX2(dst, a, b *E, n int, s *extState)

//go:noescape
func extMulBase4AVX2(dst, a *E, b *Elem, n int, s *extState)

//go:noescape
func extAffine4AVX2(dst, a, b *E, n int, s *extState)

//go:noescape
func extScaleAdd4AVX2(dst, a, b *E, n int, s *extState)

//go:noescape
func extPoly4AVX2(dst *E, x, y *Elem, n int, s *extState)

//go:noescape
func extFold4AVX2(dst, src *E, inv *Elem, n int, s *extState)

//go:noescape
func extMul5AVX2(dst, a, b *E, n int, s *extState)

//go:noescape
func extMulAdd5AVX2(dst, a, b *E, n int, s *extState)

//go:noescape
func extMulBase5AVX2(dst, a *E, b *Elem, n int, s *extState)

//go:noescape
func extAffine5AVX2(dst, a, b *E, n int, s *extState)

//go:noescape
func extScaleAdd5AVX2(dst, a, b *E, n int, s *extState)

//go:noescape
func extPoly5AVX2(dst *E, x, y *Elem, n int, s *extState)

//go:noescape
func extFold5AVX2(dst, src *E, inv *Elem, n int, s *extState)

//go:noescape
func extMul4AVX512(dst, a, b *E, n int, s *extState)

//go:noescape
func extMulAdd4AVX512(dst, a, b *E, n int, s *extState)

//go:noescape
func extMulBase4AVX512(dst, a *E, b *Elem, n int, s *extState)

//go:noescape
func extAffine4AVX512(dst, a, b *E, n int, s *extState)

//go:noescape
func extScaleAdd4AVX512(dst, a, b *E, n int, s *extState)

//go:noescape
func extPoly4AVX512(dst *E, x, y *Elem, n int, s *extState)

//go:noescape
func extFold4AVX512(dst, src *E, inv *Elem, n int, s *extState)

//go:noescape
func extMul5AVX512(dst, a, b *E, n int, s *extState)

//go:noescape
func extMulAdd5AVX512(dst, a, b *E, n int, s *extState)

//go:noescape
func extMulBase5AVX512(dst, a *E, b *Elem, n int, s *extState)

//go:noescape
func extAffine5AVX512(dst, a, b *E, n int, s *extState)

//go:noescape
func extScaleAdd5AVX512(dst, a, b *E, n int, s *extState)

//go:noescape
func extPoly5AVX512(dst *E, x, y *Elem, n int, s *extState)

//go:noescape
func extFold5AVX512(dst, src *E, inv *Elem, n int, s *extState)

// variant is a set of kernels and a degree.
type variant int

const (
	degree4AVX2 variant = iota
	degree5AVX2
	degree4AVX512
	degree5AVX512
)

// variant returns which kernels serve x and the number of elements that their vectors
// hold, 0 if there are none.
func (x *Ext) variant() (variant, int) {
	v := degree4AVX2
	if x.D == 5 {
		v = degree5AVX2
	}
	switch kernels.Active() {
	case kernels.AVX512:
		return v + degree4AVX512, 16
	case kernels.AVX2:
		return v, 8
	}
	return v, 0
}

func (v variant) mul(dst, a, b *E, n int, s *extState) {
	switch v {
	case degree4AVX2:
		extMul4AVX2(dst, a, b, n, s)
	case degree5AVX2:
		extMul5AVX2(dst, a, b, n, s)
	case degree4AVX512:
		extMul4AVX512(dst, a, b, n, s)
	default:
		extMul5AVX512(dst, a, b, n, s)
	}
}

func (v variant) mulAdd(dst, a, b *E, n int, s *extState) {
	switch v {
	case degree4AVX2:
		extMulAdd4AVX2(dst, a, b, n, s)
	case degree5AVX2:
		extMulAdd5AVX2(dst, a, b, n, s)
	case degree4AVX512:
		extMulAdd4AVX512(dst, a, b, n, s)
	default:
		extMulAdd5AVX512(dst, a, b, n, s)
	}
}

func (v variant) mulBase(dst, a *E, b *Elem, n int, s *extState) {
	switch v {
	case degree4AVX2:
		extMulBase4AVX2(dst, a, b, n, s)
	case degree5AVX2:
		extMulBase5AVX2(dst, a, b, n, s)
	case degree4AVX512:
		extMulBase4AVX512(dst, a, b, n, s)
	default:
		extMulBase5AVX512(dst, a, b, n, s)
	}
}

func (v variant) affine(dst, a *E, n int, s *extState) {
	switch v {
	case degree4AVX2:
		extAffine4AVX2(dst, a, nil, n, s)
	case degree5AVX2:
		extAffine5AVX2(dst, a, nil, n, s)
	case degree4AVX512:
		extAffine4AVX512(dst, a, nil, n, s)
	default:
		extAffine5AVX512(dst, a, nil, n, s)
	}
}

func (v variant) scaleAdd(dst, a *E, n int, s *extState) {
	switch v {
	case degree4AVX2:
		extScaleAdd4AVX2(dst, a, nil, n, s)
	case degree5AVX2:
		extScaleAdd5AVX2(dst, a, nil, n, s)
	case degree4AVX512:
		extScaleAdd4AVX512(dst, a, nil, n, s)
	default:
		extScaleAdd5AVX512(dst, a, nil, n, s)
	}
}

func (v variant) poly(dst *E, x, y *Elem, n int, s *extState) {
	switch v {
	case degree4AVX2:
		extPoly4AVX2(dst, x, y, n, s)
	case degree5AVX2:
		extPoly5AVX2(dst, x, y, n, s)
	case degree4AVX512:
		extPoly4AVX512(dst, x, y, n, s)
	default:
		extPoly5AVX512(dst, x, y, n, s)
	}
}

func (v variant) fold(dst, src *E, inv *Elem, n int, s *extState) {
	switch v {
	case degree4AVX2:
		extFold4AVX2(dst, src, inv, n, s)
	case degree5AVX2:
		extFold5AVX2(dst, src, inv, n, s)
	case degree4AVX512:
		extFold4AVX512(dst, src, inv, n, s)
	default:
		extFold5AVX512(dst, src, inv, n, s)
	}
}
