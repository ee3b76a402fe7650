package p2lookups

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	"rpp-node/prover/air"
	"rpp-node/prover/circuit/gadget"
	"rpp-node/prover/field"
	"rpp-node/prover/kernels"
	"rpp-node/prover/lookup"
	"rpp-node/prover/matrix"
)

var f = gadget.Field

func sample(t testing.TB, logRows, workers int) (*air.Circuit, []matrix.Matrix, [][]field.Elem) {
	t.Helper()
	b := Benchmark()
	traces, publics, err := b.Sample(f, logRows, workers)
	if err != nil {
		t.Fatal(err)
	}
	c := b.Build(f)
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	return &c, traces, publics
}

// The sizes that the comments and docs/performance.md name.
func TestShape(t *testing.T) {
	b := Benchmark()
	c := b.Build(f)
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	if h := b.LogHeights(15); !slices.Equal(h, []int{15, 15, 13}) {
		t.Errorf("heights %v", h)
	}
	layout := lookup.New(&c)
	for i, want := range []struct {
		name                            string
		width, degree, columns, logQuot int
	}{{"p2", 166, 3, 2, 1}, {"nodes", 24, 0, 1, 0}, {"blocks", 32, 0, 1, 0}} {
		tb, l := &c.Tables[i], layout.Tables[i]
		if tb.Name != want.name || tb.Width != want.width || tb.BaseDegree(tb.Degrees(f)) != want.degree || len(l.Columns) != want.columns || l.LogChunks != want.logQuot {
			t.Errorf("table %d is %s of %d columns, degree %d, %d lookup columns, 2^%d chunks; want %+v",
				i, tb.Name, tb.Width, tb.BaseDegree(tb.Degrees(f)), len(l.Columns), l.LogChunks, want)
		}
	}
	if err := layout.CheckHeights(f, b.LogHeights(b.LogRowsMax(f))); err != nil {
		t.Error(err)
	}
}

// The sample, for good: every kernel set and any number of workers makes these bytes.
func TestSample(t *testing.T) {
	const want = "f381b588bffdaf7be4bb5dacd08ea70adef7b6c964216f04b2b343f43b35980e"
	for _, set := range kernels.Supported() {
		for _, workers := range []int{1, 2, 3, 100} {
			func() {
				defer kernels.Use(kernels.Use(set))
				c, traces, publics := sample(t, 10, workers)
				if err := c.Check(traces, publics); err != nil {
					t.Fatalf("%s, %d workers: %v", set, workers, err)
				}
				h := sha256.New()
				for _, m := range traces {
					for _, v := range m.Values {
						h.Write(f.AppendCanonical(nil, v))
					}
				}
				if got := hex.EncodeToString(h.Sum(nil)); got != want {
					t.Errorf("%s, %d workers: digest %s, want %s", set, workers, got, want)
				}
			}()
		}
	}
	for logRows := logRowsMin; logRows < 9; logRows++ {
		c, traces, publics := sample(t, logRows, 2)
		if err := c.Check(traces, publics); err != nil {
			t.Errorf("2^%d rows: %v", logRows, err)
		}
	}
}

// A trace does not depend on what its buffers held.
func TestFillWritesEveryCell(t *testing.T) {
	const logRows = 9
	_, want, _ := sample(t, logRows, 1)
	traces := make([]matrix.Matrix, len(want))
	for i, m := range want {
		traces[i] = matrix.New(m.Height(), m.Width)
		for k := range traces[i].Values {
			traces[i].Values[k] = ^field.Elem(0)
		}
	}
	Benchmark().Fill(f, traces, 2)
	for i := range want {
		if !slices.Equal(traces[i].Values, want[i].Values) {
			t.Errorf("table %d depends on what its buffer held", i)
		}
	}
}

// Any other value of any cell is refused: in P2 by a constraint, but for its counts, which
// like all that the others hold only the buses know.
func TestRejects(t *testing.T) {
	c, traces, publics := sample(t, logRowsMin, 1)
	for i, m := range traces {
		for _, row := range []int{0, 1, m.Height() - 1} {
			for col := range m.Width {
				cell := &m.Row(row)[col]
				old := *cell
				*cell = f.Add(old, f.One())
				err := c.Check(traces, publics)
				*cell = old
				var constraint *air.ConstraintError
				var balance *air.BalanceError
				switch {
				case i == tableP2 && col < m.Width-2:
					if !errors.As(err, &constraint) || constraint.Table != "p2" || constraint.Row != row {
						t.Errorf("p2, row %d column %d: %v", row, col, err)
					}
				case !errors.As(err, &balance):
					t.Errorf("table %d, row %d column %d: %v", i, row, col, err)
				}
			}
		}
	}
}

// BenchmarkFill measures the traces of 2^15 rows in memory that is there.
func BenchmarkFill(b *testing.B) {
	_, traces, _ := sample(b, 15, 1)
	cells := 0
	for _, m := range traces {
		cells += len(m.Values)
	}
	for _, s := range kernels.Supported() {
		b.Run(s.String(), func(b *testing.B) {
			defer kernels.Use(kernels.Use(s))
			b.SetBytes(int64(4 * cells))
			for b.Loop() {
				Benchmark().Fill(f, traces, 1)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*cells), "ns/cell")
		})
	}
}
