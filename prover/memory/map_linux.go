package memory

import (
	"fmt"
	"syscall"
	"unsafe"
)

// hugePage is the size of a huge page on the architectures that we run on. Large mappings
// are whole ones, so that the last page of a buffer is not a thousand small ones; for
// small ones the rounding would cost more memory than it saves time.
const (
	hugePage  = 2 << 20
	smallPage = 64 << 10 // the largest that architectures have
	smallMap  = 4 * hugePage
)

// mapRegion maps n words, rounded up to whole pages. It panics where the system has no
// more memory, as the Go runtime does for its heap; callers that must not fail predict
// their peak first.
func mapRegion(n int) region {
	if 4*n < smallMap {
		size := (4*n + smallPage - 1) &^ (smallPage - 1)
		raw := mapBytes(size)
		return region{words: words(raw), raw: raw}
	}
	size := (4*n + hugePage - 1) &^ (hugePage - 1)
	raw := mapBytes(size + hugePage)
	skip := -uintptr(unsafe.Pointer(unsafe.SliceData(raw))) & (hugePage - 1)
	b := raw[skip : int(skip)+size]
	// Advice only: without huge pages everything works, a few per cent slower.
	_ = syscall.Madvise(b, syscall.MADV_HUGEPAGE)
	return region{words: words(b), raw: raw}
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
