package memory

import (
	"fmt"
	"syscall"
	"unsafe"
)

// hugePage is the size of a huge page on the architectures that we run on. Large mappings
// begin at one; for small ones the alignment is not worth its address space.
const (
	hugePage  = 2 << 20
	smallPage = 64 << 10 // the largest that architectures have
	smallMap  = 4 * hugePage
)

// hugePages says whether large mappings ask for huge pages.
var hugePages = func() bool { v, _ := syscall.Getenv(HugePages); return v == "on" }()

// mapRegion maps n words, rounded up to whole pages. It panics where the system has no
// more memory, as the Go runtime does for its heap; callers that must not fail predict
// their peak first.
func mapRegion(n int) region {
	size := mapSize(n)
	if size < smallMap || !hugePages {
		raw := mapBytes(size)
		return region{words: words(raw), raw: raw}
	}
	raw := mapBytes(size + hugePage)
	skip := -uintptr(unsafe.Pointer(unsafe.SliceData(raw))) & (hugePage - 1)
	b := raw[skip : int(skip)+size]
	// Advice only: without huge pages everything works, a little slower.
	_ = syscall.Madvise(b, syscall.MADV_HUGEPAGE)
	return region{words: words(b), raw: raw}
}

// mapSize is the number of bytes that a region of n words takes.
func mapSize(n int) int {
	return (4*n + smallPage - 1) &^ (smallPage - 1)
}

func words(b []byte) []uint32 {
	return unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/4)
}

func mapBytes(size int) []byte {
	raw, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		panic(fmt.Sprintf("memory: cannot map %d MiB: %v", size>>20, err))
	}
	return raw
}

func unmapRegion(r region) {
	if err := syscall.Munmap(r.raw); err != nil {
		panic(fmt.Sprintf("memory: cannot unmap: %v", err)) // not a mapping of ours
	}
}
