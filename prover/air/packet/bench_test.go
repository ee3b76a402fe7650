package packet_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"rpp-node/prover/air"
	"rpp-node/prover/air/packet"
	"rpp-node/prover/circuit/bench"
	"rpp-node/prover/field"
	"rpp-node/prover/kernels"
	"rpp-node/prover/matrix"
)

// The benchmarks take 2^12 rows of a benchmark circuit and report nanoseconds a row, the
// best of all runs. Fold does all that the quotient does, Run leaves out the folding, and
// Load only transposes the columns.

func BenchmarkFold(b *testing.B) {
	for _, x := range []*field.Ext{field.KoalaBear4, field.KoalaBear5} {
		b.Run(fmt.Sprintf("degree=%d", x.D), func(b *testing.B) {
			benchmark(b, func(*air.Table) {}, func(m *packet.Machine, outputs int) {
				m.Fold(m.Lanes(), x.D, coefs[:outputs*x.D])
			})
		})
	}
}

func BenchmarkRun(b *testing.B) {
	benchmark(b, func(*air.Table) {}, func(m *packet.Machine, _ int) { m.Run(m.Lanes(), func(int, []field.Elem) {}) })
}

func BenchmarkLoad(b *testing.B) {
	columns := func(t *air.Table) {
		t.Nodes, t.Constraints = nil, nil
		for c := range t.Width {
			t.Nodes = append(t.Nodes, air.Node{Op: air.OpMain, B: int32(c)})
			t.Constraints = append(t.Constraints, air.NodeID(c))
		}
	}
	benchmark(b, columns, func(m *packet.Machine, _ int) { m.Run(m.Lanes(), func(int, []field.Elem) {}) })
}

var coefs = make([]field.Elem, 1<<16)

func benchmark(b *testing.B, change func(t *air.Table), packetOf func(m *packet.Machine, outputs int)) {
	const height = 1 << 12
	f := field.KoalaBear
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range coefs {
		coefs[i] = field.Elem(rng.Uint32N(f.Modulus()))
	}
	for _, c := range bench.Circuits() {
		t := c.Build(f).Tables[0]
		change(&t)
		p := packet.Compile(f, &t, t.Width)
		rows := matrix.New(height, t.Width)
		for i := range rows.Values {
			rows.Values[i] = field.Elem(rng.Uint32N(f.Modulus()))
		}
		for _, set := range kernels.Supported() {
			b.Run(c.Name+"/"+set.String(), func(b *testing.B) {
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
						packetOf(m, p.Outputs())
					}
					best = min(best, time.Since(start))
				}
				b.ReportMetric(float64(best.Nanoseconds())/height, "ns/row")
			})
		}
	}
}
