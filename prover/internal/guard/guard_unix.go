//go:build linux || darwin

package guard

import (
	"syscall"
	"testing"
	"unsafe"
)

// place maps n elements between two pages that are out of reach.
func place[T any](tb testing.TB, s Side, n int) []T {
	tb.Helper()
	var element T
	size, page := n*int(unsafe.Sizeof(element)), syscall.Getpagesize()
	inside := (size + page) / page * page // at least one page
	mem, err := syscall.Mmap(-1, 0, inside+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := syscall.Munmap(mem); err != nil {
			tb.Error(err)
		}
	})
	for _, outside := range [][]byte{mem[:page], mem[page+inside:]} {
		if err := syscall.Mprotect(outside, syscall.PROT_NONE); err != nil {
			tb.Fatal(err)
		}
	}
	at := page
	if s == After {
		at += inside - size
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&mem[at])), n)
}
