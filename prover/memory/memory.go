package memory

import (
	"sync"
	"unsafe"
)

// minWords is where a buffer is worth a mapping; smaller ones come from the Go heap.
const minWords = 1 << 18

// HugePages is the environment variable that, set to "on", has large buffers ask for huge
// pages. They save a fifth of a large proof on a machine that owns its memory. A virtual
// machine whose host takes free memory back gets huge pages at a price several times that
// gain, so they are not the default (docs/performance.md).
const HugePages = "RPP_HUGE_PAGES"

// region is one mapping, of at least the words asked for.
type region struct {
	words []uint32
	raw   []byte // what the system gave
}

var pool = struct {
	sync.Mutex
	used    map[*uint32]region // by first word
	free    []region
	mapped  int64
	largest int64 // of mapped, so far
}{used: map[*uint32]region{}}

// Get returns n words with unspecified contents.
func Get(n int) []uint32 {
	if n < minWords {
		return make([]uint32, n)
	}
	pool.Lock()
	defer pool.Unlock()
	r, ok := takeFree(n)
	if !ok {
		trim()
		r = mapRegion(n)
		pool.mapped += r.size()
		pool.largest = max(pool.largest, pool.mapped)
	}
	pool.used[unsafe.SliceData(r.words)] = r
	return r.words[:n:n]
}

// Size is the number of bytes that Get(n) takes.
func Size(n int) int64 {
	if n < minWords {
		return int64(4 * n)
	}
	return int64(mapSize(n))
}

// takeFree takes the waiting buffer that wastes least, if one wastes at most a quarter.
func takeFree(n int) (region, bool) {
	best := -1
	for i, r := range pool.free {
		if c := len(r.words); c >= n && c <= n+n/4 && (best < 0 || c < len(pool.free[best].words)) {
			best = i
		}
	}
	if best < 0 {
		return region{}, false
	}
	r := pool.free[best]
	last := len(pool.free) - 1
	pool.free[best] = pool.free[last]
	pool.free = pool.free[:last]
	return r, true
}

// Put gives back a buffer that Get returned, which may have been shortened since but still
// starts where it did. Others are ignored: they are the garbage collector's.
func Put(b []uint32) {
	if cap(b) < minWords {
		return
	}
	pool.Lock()
	defer pool.Unlock()
	first := unsafe.SliceData(b)
	if r, ok := pool.used[first]; ok {
		delete(pool.used, first)
		pool.free = append(pool.free, r)
	}
}

// Trim gives every waiting buffer back to the system.
func Trim() {
	pool.Lock()
	defer pool.Unlock()
	trim()
}

func trim() {
	for _, r := range pool.free {
		pool.mapped -= r.size()
		unmapRegion(r)
	}
	pool.free = nil
}

// Mapped is the number of bytes mapped now, and the most there were at once.
func Mapped() (now, peak int64) {
	pool.Lock()
	defer pool.Unlock()
	return pool.mapped, pool.largest
}

func (r region) size() int64 { return int64(len(r.words)) * 4 }
