package memory

import (
	"fmt"
	"syscall"
	"unsafe"
)

// hugePage is the size of a huge page on the architectures that we run on. Mappings are
// whole ones, so that the last page of a buffer is not a thousand small ones.
const hugePage = 2 << 20

// mapRegion maps n words, rounded up to huge pages. It panics where the system has no
// more memory, as the Go runtime does for its heap; callers that must not fail predict
// their peak first.
func mapRegion(n int) region {
	size := (4*n + hugePage - 1) &^ (hugePage - 1)
	raw, err := syscall.Mmap(-1, 0, size+hugePage, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		panic(fmt.Sprintf("memory: cannot map %d MiB: %v", size>>20, err))
	}
	skip := -uintptr(unsafe.Pointer(unsafe.SliceData(raw))) & (hugePage - 1)
	b := raw[skip : int(skip)+size]
	// Advice only: without huge pages everything works, a few per cent slower.
	_ = syscall.Madvise(b, syscall.MADV_HUGEPAGE)
	return region{words: unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(b))), size/4), raw: raw}
}

func unmapRegion(r region) {
	if err := syscall.Munmap(r.raw); err != nil {
		panic(fmt.Sprintf("memory: cannot unmap: %v", err)) // not a mapping of ours
	}
}
