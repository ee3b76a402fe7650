package ntt

import (
	"sync"

	"rpp-node/prover/field"
)

// tables[k] holds w^0 … w^(2^k - 1) for w of order 2^(k+1): the twiddles of the stage
// whose halves have 2^k elements.
type tables struct {
	mu           sync.Mutex
	forward, inv [32][]field.Elem
}

var cache = map[*field.Field]*tables{field.KoalaBear: {}, field.BabyBear: {}}

func twiddles(f *field.Field, k int, inverse bool) []field.Elem {
	t := cache[f]
	t.mu.Lock()
	defer t.mu.Unlock()
	tab, root := &t.forward[k], f.Root(k+1)
	if inverse {
		tab, root = &t.inv[k], f.RootInv(k+1)
	}
	if *tab == nil {
		*tab = f.Powers(f.One(), root, 1<<k)
	}
	return *tab
}
