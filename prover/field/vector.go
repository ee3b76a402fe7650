package field

//go:generate go run ./internal/gen

// The vector operations run the kernels of the active set. All slices of a call have
// equal length, any length; dst may be one of the operands. Without kernels they are
// gnark-crypto's (gnark.go).

type binaryOp int

const (
	opAdd binaryOp = iota
	opSub
	opMul
)

type scalarOp int

const (
	opScale scalarOp = iota
	opAddScalar
	opRSubScalar
	opMulAdd
)

// AddVec sets dst[i] = a[i] + b[i].
func (f *Field) AddVec(dst, a, b []Elem) {
	dst, b = dst[:len(a)], b[:len(a)]
	if !f.binaryKernel(opAdd, dst, a, b) {
		f.gnarkAdd(dst, a, b)
	}
}

// SubVec sets dst[i] = a[i] - b[i].
func (f *Field) SubVec(dst, a, b []Elem) {
	dst, b = dst[:len(a)], b[:len(a)]
	if !f.binaryKernel(opSub, dst, a, b) {
		f.gnarkSub(dst, a, b)
	}
}

// MulVec sets dst[i] = a[i]·b[i].
func (f *Field) MulVec(dst, a, b []Elem) {
	dst, b = dst[:len(a)], b[:len(a)]
	if !f.binaryKernel(opMul, dst, a, b) {
		f.gnarkMul(dst, a, b)
	}
}

// ScaleVec sets dst[i] = a[i]·s.
func (f *Field) ScaleVec(dst, a []Elem, s Elem) {
	dst = dst[:len(a)]
	if !f.scalarKernel(opScale, dst, a, s) {
		f.gnarkScale(dst, a, s)
	}
}

// Dot returns Σ a[i]·b[i].
func (f *Field) Dot(a, b []Elem) Elem {
	b = b[:len(a)]
	if v, ok := f.dotKernel(a, b); ok {
		return v
	}
	return f.gnarkDot(a, b)
}

// AddScalarVec sets dst[i] = a[i] + s.
func (f *Field) AddScalarVec(dst, a []Elem, s Elem) {
	dst = dst[:len(a)]
	if !f.scalarKernel(opAddScalar, dst, a, s) {
		for i, v := range a {
			dst[i] = f.Add(v, s)
		}
	}
}

// RSubScalarVec sets dst[i] = s - a[i].
func (f *Field) RSubScalarVec(dst []Elem, s Elem, a []Elem) {
	dst = dst[:len(a)]
	if !f.scalarKernel(opRSubScalar, dst, a, s) {
		for i, v := range a {
			dst[i] = f.Sub(s, v)
		}
	}
}

// MulAddVec sets dst[i] += a[i]·s. tmp, of the same length, is used where there is no
// kernel.
func (f *Field) MulAddVec(dst, a []Elem, s Elem, tmp []Elem) {
	dst = dst[:len(a)]
	if !f.scalarKernel(opMulAdd, dst, a, s) {
		f.gnarkScale(tmp[:len(a)], a, s)
		f.gnarkAdd(dst, dst, tmp[:len(a)])
	}
}
