package challenger

import (
	"sync"
	"sync/atomic"

	"rpp-node/prover/field"
)

// grindChunk witnesses are tried by a worker before it asks for more.
const grindChunk = 1 << 10

// Grind implements Transcript. Workers take chunks in ascending order and stop once no
// smaller witness can turn up, so that the result is the smallest one whatever their
// number.
func (t *Live) Grind(label string, bits int, workers int) field.Elem {
	if bits == 0 {
		return 0
	}
	f := t.x.Base
	var next atomic.Uint64
	var best atomic.Uint64
	best.Store(uint64(f.Modulus()))
	search := func() {
		for {
			from := next.Add(grindChunk) - grindChunk
			if from >= best.Load() {
				return
			}
			w, ok := t.s.firstWitness(from, min(from+grindChunk, uint64(f.Modulus())), bits)
			if !ok {
				continue
			}
			for b := best.Load(); w < b && !best.CompareAndSwap(b, w); b = best.Load() {
			}
		}
	}
	var wg sync.WaitGroup
	for range max(1, workers) {
		wg.Go(search)
	}
	wg.Wait()
	if best.Load() == uint64(f.Modulus()) {
		panic("challenger: no element of the field is a witness") // see MaxPoWBits
	}
	w := f.FromUint(best.Load())
	t.CheckWitness(label, bits, w)
	return w
}
