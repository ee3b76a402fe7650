package field

import (
	"testing"
	"unsafe"
)

// TestLayout: the structs that kernels read are laid out as internal/gen has it.
func TestLayout(t *testing.T) {
	var s extState
	for _, c := range []struct {
		what      string
		got, want uintptr
	}{
		{"p", unsafe.Offsetof(s.p), 0},
		{"mu", unsafe.Offsetof(s.mu), 4},
		{"w", unsafe.Offsetof(s.w), 8},
		{"wmu", unsafe.Offsetof(s.wmu), 12},
		{"one", unsafe.Offsetof(s.one), 16},
		{"half", unsafe.Offsetof(s.half), 20},
		{"m", unsafe.Offsetof(s.m), 24},
		{"mat", unsafe.Offsetof(s.mat), 32},
		{"add", unsafe.Offsetof(s.add), 132},
		{"an element", unsafe.Sizeof(E{}), 20},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, the kernels expect %d", c.what, c.got, c.want)
		}
	}
	// Behind the constants, 29 vectors of 64 bytes from an address that they divide.
	if room := unsafe.Sizeof(s) - 152; room < 29*64+63 {
		t.Errorf("room of %d bytes for the kernels' vectors", room)
	}
}
