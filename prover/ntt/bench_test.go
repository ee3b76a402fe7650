package ntt

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"rpp-node/prover/field"
	"rpp-node/prover/kernels"
	"rpp-node/prover/matrix"
)

// threads returns a For of that many goroutines.
func threads(n int) For {
	if n == 1 {
		return func(n int, body func(from, to int)) { body(0, n) }
	}
	return func(m int, body func(from, to int)) {
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() { body(m*i/n, m*(i+1)/n) })
		}
		wg.Wait()
	}
}

// BenchmarkExtend extends matrices by 2. A butterfly is one of radix 2, of which a column
// needs log·2^log/2 for each of its three transforms.
func BenchmarkExtend(b *testing.B) {
	f := field.KoalaBear
	for _, s := range []struct{ log, width int }{{10, 1312}, {15, 1312}, {14, 2633}, {17, 1312}, {18, 256}, {20, 64}} {
		for _, set := range kernels.Supported() {
			if set == kernels.Portable && s.log > 10 {
				continue // it takes its time
			}
			for _, n := range []int{1, 2} {
				b.Run(fmt.Sprintf("2^%d×%d/%s/threads=%d", s.log, s.width, set, n), func(b *testing.B) {
					defer kernels.Use(kernels.Use(set))
					m := matrix.Get(2<<s.log, s.width)
					defer m.Put()
					copy(m.Values, random(rand.New(rand.NewPCG(7, 12)), f, s.width<<s.log))
					b.ResetTimer()
					for b.Loop() {
						Extend(f, threads(n), m.Values, s.width, s.log, 1, Natural, f.One(), f.Generator())
					}
					elements := float64(s.width << s.log)
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(1.5*float64(s.log)*elements), "ns/butterfly")
					b.ReportMetric(elements*float64(b.N)/b.Elapsed().Seconds()/1e6, "Melem/s")
				})
			}
		}
	}
}
