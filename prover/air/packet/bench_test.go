package packet_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"rpp-node/prover/air/packet"
	"rpp-node/prover/circuit/bench"
	"rpp-node/prover/field"
	"rpp-node/prover/kernels"
	"rpp-node/prover/matrix"
)

// BenchmarkFold evaluates and folds the benchmark circuits' constraints on 2^12 rows, in
// nanoseconds a row.
func BenchmarkFold(b *testing.B) {
	const height = 1 << 12
	for _, c := range bench.Circuits() {
		circuit := c.Build(field.KoalaBear)
		t := &circuit.Tables[0]
		p := packet.Compile(field.KoalaBear, t, t.Width)
		rng := rand.New(rand.NewPCG(1, 1))
		rows := matrix.New(height, t.Width)
		for i := range rows.Values {
			rows.Values[i] = field.Elem(rng.Uint32N(field.KoalaBear.Modulus()))
		}
		for _, set := range kernels.Supported() {
			for _, x := range []*field.Ext{field.KoalaBear4, field.KoalaBear5} {
				coefs := make([]field.Elem, p.Outputs()*x.D)
				for i := range coefs {
					coefs[i] = field.Elem(rng.Uint32N(x.Base.Modulus()))
				}
				b.Run(c.Name+"/"+set.String()+"/"+string(rune('0'+x.D)), func(b *testing.B) {
					defer kernels.Use(kernels.Use(set))
					m := p.NewMachine(make([]field.Elem, t.Publics))
					best := time.Hour
					for b.Loop() {
						start := time.Now()
						for from := 0; from < height; from += m.Lanes() {
							this, next := m.Rows(0, 0), m.Rows(0, 1)
							for i := range this {
								this[i] = rows.Row(from + i)
							}
							for i := range next {
								next[i] = rows.Row((from + i + 1) % height)
							}
							m.Fold(m.Lanes(), x.D, coefs)
						}
						best = min(best, time.Since(start))
					}
					b.ReportMetric(float64(best.Nanoseconds())/height, "ns/row")
				})
			}
		}
	}
}
