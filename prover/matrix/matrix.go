package matrix

import (
	"math/bits"
	"sync"

	"rpp-node/prover/field"
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

// pools[k] holds buffers of capacity 2^k.
var pools [40]sync.Pool

// Get returns a matrix with unspecified contents, from the pool if it has one.
func Get(height, width int) Matrix {
	n := height * width
	if n == 0 {
		return Matrix{Width: width}
	}
	k := bits.Len(uint(n - 1))
	if b, ok := pools[k].Get().(*[]field.Elem); ok {
		return Matrix{Width: width, Values: (*b)[:n]}
	}
	return Matrix{Width: width, Values: make([]field.Elem, n, 1<<k)}
}

// Put gives a matrix's buffer back. The caller must not use it, or anything that aliases
// it, again.
func (m Matrix) Put() {
	c := cap(m.Values)
	if c == 0 || c&(c-1) != 0 {
		return // only whole pool buffers fit the classes
	}
	b := m.Values[:c]
	pools[bits.Len(uint(c-1))].Put(&b)
}
