package ntt

import (
	"testing"
	"unsafe"
)

// TestLayout: the structs that kernels read are laid out as internal/gen has it.
func TestLayout(t *testing.T) {
	var p pass
	var w twiddle
	for _, c := range []struct {
		what      string
		got, want uintptr
	}{
		{"src", unsafe.Offsetof(p.src), 0},
		{"dst", unsafe.Offsetof(p.dst), 24},
		{"srcGap", unsafe.Offsetof(p.srcGap), 48},
		{"dstGap", unsafe.Offsetof(p.dstGap), 56},
		{"srcStep", unsafe.Offsetof(p.srcStep), 64},
		{"dstStep", unsafe.Offsetof(p.dstStep), 72},
		{"run", unsafe.Offsetof(p.run), 80},
		{"blocks", unsafe.Offsetof(p.blocks), 88},
		{"table", unsafe.Offsetof(p.table), 96},
		{"node", unsafe.Offsetof(p.node), 120},
		{"nodeStep", unsafe.Offsetof(p.nodeStep), 128},
		{"ahead", unsafe.Offsetof(p.ahead), 136},
		{"prime", unsafe.Offsetof(p.prime), 144},
		{"places", unsafe.Offsetof(p.places), 152},
		{"a place", unsafe.Sizeof(p.places[0]), 8},
		{"a twiddle", unsafe.Sizeof(w), 8},
		{"a twiddle's quotient", unsafe.Offsetof(w.quotient), 0},
		{"a twiddle's factor", unsafe.Offsetof(w.w), 4},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, the kernels expect %d", c.what, c.got, c.want)
		}
	}
}
