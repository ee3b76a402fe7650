package audit

import (
	"testing"
	"time"

	"rpp-node/store"
)

// BenchmarkAppend is on the real disk; the callers beside each other share syncs.
func BenchmarkAppend(b *testing.B) {
	for name, parallel := range map[string]int{"1": 1, "16": 16} {
		b.Run(name, func(b *testing.B) {
			db, err := store.Open(store.Options{Dir: b.TempDir(), Headroom: store.Headroom{MinFreeBytes: 1, MinFreeFraction: 0.001}})
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			l, err := New(db, time.Now)
			if err != nil {
				b.Fatal(err)
			}
			b.SetParallelism(parallel)
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					if _, err := l.Append(event(2)); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
