package matrix

import (
	"unsafe"

	"rpp-node/prover/field"
	"rpp-node/prover/memory"
)

// Matrix is row-major: element (r, c) is Values[r·Width + c].
type Matrix struct {
	Width  int
	Values []field.Elem
}

// New allocates a zero matrix.
func New(height, width int) Matrix {
	return Matrix{Width: width, Values: make([]field.Elem, height*width)}
}

// Height is the number of rows.
func (m Matrix) Height() int {
	if m.Width == 0 {
		return 0
	}
	return len(m.Values) / m.Width
}

// Row returns row r, aliasing the matrix.
func (m Matrix) Row(r int) []field.Elem { return m.Values[r*m.Width : (r+1)*m.Width] }

// Rows returns rows [from, to), aliasing the matrix.
func (m Matrix) Rows(from, to int) Matrix {
	return Matrix{Width: m.Width, Values: m.Values[from*m.Width : to*m.Width]}
}

// Get returns a matrix with unspecified contents.
func Get(height, width int) Matrix { return GetWithin(height, height, width) }

// GetWithin returns a matrix with unspecified contents whose buffer has room for capacity
// rows: a trace that is to be extended where it lies.
func GetWithin(height, capacity, width int) Matrix {
	words := memory.Get(capacity * width)
	all := unsafe.Slice((*field.Elem)(unsafe.SliceData(words)), len(words))
	return Matrix{Width: width, Values: all[:height*width]}
}

// Grow returns the same buffer as a matrix of height rows, and whether it has room.
func (m Matrix) Grow(height int) (Matrix, bool) {
	n := height * m.Width
	if cap(m.Values) < n {
		return m, false
	}
	return Matrix{Width: m.Width, Values: m.Values[:n]}, true
}

// Put gives a matrix's buffer back. The caller must not use it, or anything that aliases
// it, again. A matrix that Get did not make, or that does not start where it did, is left
// to the garbage collector.
func (m Matrix) Put() {
	memory.Put(unsafe.Slice((*uint32)(unsafe.SliceData(m.Values)), cap(m.Values)))
}
