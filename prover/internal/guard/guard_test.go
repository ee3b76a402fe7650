//go:build linux || darwin

package guard

import (
	"runtime/debug"
	"slices"
	"testing"
	"unsafe"
)

// faults reports whether a byte can be neither read nor written.
func faults(p *byte) bool {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	try := func(touch func()) (failed bool) {
		defer func() { failed = recover() != nil }()
		touch()
		return
	}
	return try(func() { sink = *p }) && try(func() { *p = 1 })
}

var sink byte

// TestCopy: the copies hold what they should, and the bytes next to them are out of reach.
func TestCopy(t *testing.T) {
	for _, n := range []int{0, 1, 7, 4095, 4096, 4097, 10000} {
		v := make([]uint32, n)
		for i := range v {
			v[i] = uint32(i)
		}
		for _, s := range Sides {
			w := Copy(t, s, v)
			if !slices.Equal(w, v) {
				t.Errorf("%d elements, %s: the copy differs", n, s)
			}
			first := unsafe.Pointer(unsafe.SliceData(w))
			next := unsafe.Add(first, -1)
			if s == After {
				next = unsafe.Add(first, 4*n)
			}
			if !faults((*byte)(next)) {
				t.Errorf("%d elements, %s: what is next to them can be touched", n, s)
			}
			if n > 0 && faults((*byte)(first)) {
				t.Errorf("%d elements, %s: they cannot be touched", n, s)
			}
		}
	}
}
