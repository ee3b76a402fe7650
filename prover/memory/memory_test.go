package memory

import (
	"sync"
	"testing"
)

// TestReuse: a buffer put back is handed out again where it fits, and given back to the
// system where it does not.
func TestReuse(t *testing.T) {
	Trim()
	start, _ := Mapped()
	a := Get(minWords)
	a[0], a[minWords-1] = 1, 2
	first := &a[0]
	Put(a[:10])
	if b := Get(minWords - minWords/8 + 1); &b[0] == first {
		t.Error("below the smallest mapping, a mapping was handed out")
	}
	b := Get(minWords + 1) // the mapping is whole pages of 64 KiB
	if now, _ := Mapped(); now != start+int64(4*cap1(minWords+1)) {
		t.Errorf("%d bytes mapped, from %d", now, start)
	}
	Put(b)
	c := Get(minWords)
	if &c[0] != first && &c[0] != &b[0] {
		t.Error("a waiting buffer of the right size was not used")
	}
	Put(c)
	d := Get(16 * minWords)
	if now, peak := Mapped(); now != start+64*minWords || peak < now {
		t.Errorf("%d bytes mapped (peak %d) from %d: waiting buffers were not given up", now, peak, start)
	}
	Put(d)
	Trim()
	if now, _ := Mapped(); now != start {
		t.Errorf("%d bytes mapped after Trim, %d before", now, start)
	}
}

// cap1 is the size of the mapping for n words.
func cap1(n int) int {
	r := mapRegion(n)
	defer unmapRegion(r)
	return len(r.words)
}

// TestForeign: what did not come from Get is ignored, also when put twice.
func TestForeign(t *testing.T) {
	Put(nil)
	Put(make([]uint32, 2*minWords))
	a := Get(2 * minWords)
	Put(a)
	Put(a)
	x, y := Get(2*minWords), Get(2*minWords)
	if &x[0] == &y[0] {
		t.Error("one buffer handed out twice")
	}
	Put(x)
	Put(y)
	Trim()
}

// TestConcurrent: buffers in use never overlap.
func TestConcurrent(t *testing.T) {
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for k := range 50 {
				b := Get(minWords + 1000*k*w)
				for i := 0; i < len(b); i += 4096 {
					b[i] = uint32(w)
				}
				for i := 0; i < len(b); i += 4096 {
					if b[i] != uint32(w) {
						t.Errorf("worker %d: word %d was overwritten", w, i)
						return
					}
				}
				Put(b)
			}
		})
	}
	wg.Wait()
	Trim()
}
