package matrix

import (
	"testing"

	"rpp-node/prover/field"
)

func TestRows(t *testing.T) {
	m := New(4, 3)
	for i := range m.Values {
		m.Values[i] = field.Elem(i)
	}
	if m.Height() != 4 || len(m.Row(2)) != 3 || m.Row(2)[1] != 7 {
		t.Errorf("row 2 of %d: %v", m.Height(), m.Row(2))
	}
	part := m.Rows(1, 3)
	if part.Height() != 2 || part.Width != 3 || part.Row(1)[2] != 8 {
		t.Errorf("rows 1 and 2: %v", part)
	}
	part.Row(0)[0] = 100
	if m.Row(1)[0] != 100 {
		t.Error("Rows copies")
	}
	if (Matrix{}).Height() != 0 || New(0, 3).Height() != 0 {
		t.Error("an empty matrix has rows")
	}
}

// TestPool: whatever was put back, what is got has the size asked for, and two matrices
// in use never share memory.
func TestPool(t *testing.T) {
	var used []Matrix
	for round := range 3 {
		for n := range 40 {
			m := Get(n, 1+n%5)
			if m.Width != 1+n%5 || m.Height() != n || len(m.Values) != n*(1+n%5) {
				t.Fatalf("Get(%d, %d) is %d×%d with %d values", n, 1+n%5, m.Height(), m.Width, len(m.Values))
			}
			for i := range m.Values {
				m.Values[i] = field.Elem(1000*round + n)
			}
			used = append(used, m)
		}
		for k, m := range used {
			for _, v := range m.Values {
				if v != field.Elem(1000*round+k) {
					t.Fatalf("matrix %d was overwritten while in use", k)
				}
			}
			m.Put()
		}
		used = used[:0]
	}
}

// TestGrow: a trace grows into its extension without moving, as far as it has room.
func TestGrow(t *testing.T) {
	for _, rows := range []int{2, 1 << 18} {
		m := GetWithin(rows, 4*rows, 3)
		m.Values[0], m.Values[3*rows-1] = 7, 8
		g, ok := m.Grow(4 * rows)
		if !ok || g.Height() != 4*rows || g.Values[0] != 7 || g.Values[3*rows-1] != 8 {
			t.Fatalf("%d rows do not grow fourfold: %d rows, %v", rows, g.Height(), ok)
		}
		if _, ok := m.Grow(1 << 24); ok {
			t.Errorf("%d rows grow beyond their buffer", rows)
		}
		g.Put()
	}
}

// TestPutOddBuffer: a buffer that Get did not make is ignored.
func TestPutOddBuffer(t *testing.T) {
	for n := 1; n < 20; n++ {
		Matrix{Width: 1, Values: make([]field.Elem, n)}.Put()
		New(n, 3).Rows(0, 0).Put()
	}
	Matrix{}.Put()
	for n := 1; n < 70; n++ {
		if m := Get(n, 1); m.Height() != n {
			t.Fatalf("Get(%d, 1) has %d rows", n, m.Height())
		}
	}
}
