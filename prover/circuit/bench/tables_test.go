package bench

import (
	"math/rand/v2"
	"testing"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
)

var upstreamTables = []struct {
	file        string
	table       func(f *field.Field) air.Table
	width       int
	constraints int
}{
	{"fib3", Fibonacci, 2, 5},
	{"fib6", Fibonacci, 2, 5},
	{"fib10", Fibonacci, 2, 5},
	{"p2_2", func(f *field.Field) air.Table { return Poseidon2(f, 16, 1) }, 164, 148},
	{"p2v3", func(f *field.Field) air.Table { return Poseidon2(f, 16, Poseidon2PerRow) }, 1312, 1184},
	{"keccakf5", KeccakF, 2633, 3182},
}

// Each table has upstream's shape, and each constraint has upstream's value at random
// points of the extension and upstream's degree, in upstream's order.
func TestTablesAreUpstreams(t *testing.T) {
	f := field.KoalaBear
	for _, u := range upstreamTables {
		t.Run(u.file, func(t *testing.T) {
			want, got := readTable(t, f, u.file), u.table(f)
			if got.Name != want.Name || got.Width != want.Width || got.Publics != want.Publics || got.MaxDegree != want.MaxDegree {
				t.Fatalf("name %q width %d publics %d degree hint %d, want %q %d %d %d", got.Name, got.Width, got.Publics,
					got.MaxDegree, want.Name, want.Width, want.Publics, want.MaxDegree)
			}
			if got.MainNext != want.MainNext || got.PrepNext || got.PrepWidth != 0 || len(got.Lookups) != 0 {
				t.Fatalf("next row %v %v, %d preprocessed columns, %d lookups; want next row %v only",
					got.MainNext, got.PrepNext, got.PrepWidth, len(got.Lookups), want.MainNext)
			}
			if n := len(got.Constraints); got.Width != u.width || n != u.constraints || n != len(want.Constraints) {
				t.Fatalf("%d columns and %d constraints, want %d and %d", got.Width, n, u.width, u.constraints)
			}
			rng := rand.New(rand.NewPCG(1, uint64(want.Width)))
			for range 3 {
				p := randomPoint(field.KoalaBear4, rng, &want)
				gv, wv := got.EvalPoint(field.KoalaBear4, p), want.EvalPoint(field.KoalaBear4, p)
				for k := range want.Constraints {
					if gv[got.Constraints[k]] != wv[want.Constraints[k]] {
						t.Fatalf("constraint %d has another value than upstream's", k)
					}
				}
			}
			gd, wd := got.Degrees(f), want.Degrees(f)
			for k := range want.Constraints {
				if g, w := gd[got.Constraints[k]], wd[want.Constraints[k]]; g != w {
					t.Fatalf("constraint %d has degree %d, want %d", k, g, w)
				}
			}
		})
	}
}

func randomPoint(x *field.Ext, rng *rand.Rand, t *air.Table) *air.Point {
	elem := func() field.Elem { return x.Base.FromUint(rng.Uint64()) }
	ext := func() (e field.E) {
		for i := range x.D {
			e[i] = elem()
		}
		return e
	}
	p := &air.Point{First: ext(), Last: ext(), Trans: ext()}
	for range t.Width {
		p.Main, p.MainNext = append(p.Main, ext()), append(p.MainNext, ext())
	}
	for range t.Publics {
		p.Publics = append(p.Publics, elem())
	}
	return p
}

// BabyBear's S-box has a register; upstream's counts for width 16.
func TestShapes(t *testing.T) {
	for _, c := range []struct {
		f                          *field.Field
		width, perRow              int
		columns, constraints, high int
	}{
		{field.KoalaBear, 16, 1, 164, 148, 3},
		{field.BabyBear, 16, 1, 298, 282, 3},
		{field.BabyBear, 16, Poseidon2PerRow, 2384, 2256, 3},
		{field.KoalaBear, 24, 1, 24 + 8*24 + 23, 8*24 + 23, 3},
		{field.BabyBear, 24, 2, 2 * (24 + 8*48 + 42), 2 * (8*48 + 42), 3},
	} {
		table := Poseidon2(c.f, c.width, c.perRow)
		d := table.BaseDegree(table.Degrees(c.f))
		if table.Width != c.columns || len(table.Constraints) != c.constraints || d != c.high || table.MainNext {
			t.Errorf("%s width %d, %d a row: %d columns, %d constraints of degree %d, next row %v; want %d, %d, %d, false", c.f.Name(),
				c.width, c.perRow, table.Width, len(table.Constraints), d, table.MainNext, c.columns, c.constraints, c.high)
		}
	}
}

// BenchmarkBuild measures the making of the largest table.
func BenchmarkBuild(b *testing.B) {
	for b.Loop() {
		KeccakF(field.KoalaBear)
	}
}
