package fri

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"rpp-node/prover/field"
	"rpp-node/prover/internal/vectors"
	"rpp-node/prover/internal/vectors/tape"
)

// TestFoldVectors folds upstream's codewords, of either degree and every arity.
func TestFoldVectors(t *testing.T) {
	var list []struct {
		Field    string
		Beta     []uint64
		In, Out  [][]uint64
		LogArity int `json:"log_arity"`
		After    int `json:"log_height_after"`
	}
	vectors.JSON(t, "batch2/misc/fri_fold.json", &list)
	exts := map[string]*field.Ext{"quartic": field.KoalaBear4, "quintic": field.KoalaBear5}
	for i, v := range list {
		c := tape.Config{Name: v.Field, Ext: exts[v.Field]}
		in, out, beta := c.Es(t, v.In), c.Es(t, v.Out), c.E(t, v.Beta)
		folder := NewFolder(c.Ext, v.After+v.LogArity, v.LogArity, beta)
		if len(in) != len(out)<<v.LogArity || len(out) != 1<<v.After {
			t.Fatalf("vector %d: %d values fold to %d", i, len(in), len(out))
		}
		for r, want := range out {
			if got := folder.Fold(r, slices.Clone(in[r<<v.LogArity:(r+1)<<v.LogArity])); got != want {
				t.Errorf("%s arity 2^%d row %d: %v, want %v", v.Field, v.LogArity, r, got, want)
			}
		}
	}
	if len(list) != 10 {
		t.Errorf("%d vectors, want 10", len(list))
	}
}

// TestFoldInterpolates: folding a row is evaluating at β the polynomial through it. The
// row's points are x times the roots of unity of its size, x being the first's.
func TestFoldInterpolates(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for _, x := range []*field.Ext{field.KoalaBear4, field.KoalaBear5, field.BabyBear4} {
		f := x.Base
		random := func() (e field.E) {
			for i := range x.D {
				e[i] = f.FromUint(rng.Uint64())
			}
			return e
		}
		const log = MaxArity + 2
		for a := 1; a <= MaxArity; a++ {
			beta := random()
			coeffs := make([]field.E, 1<<a)
			for i := range coeffs {
				coeffs[i] = random()
			}
			at := func(z field.E) (v field.E) {
				for _, c := range slices.Backward(coeffs) {
					v = x.Add(x.Mul(v, z), c)
				}
				return v
			}
			row := rng.IntN(1 << (log - a))
			values := make([]field.E, 1<<a)
			for i := range values {
				values[i] = at(x.FromBase(f.Exp(f.Root(log), uint64(field.ReverseBits(row<<a+i, log)))))
			}
			if got := NewFolder(x, log, a, beta).Fold(row, values); got != at(beta) {
				t.Errorf("%s degree %d, arity 2^%d: folding is not interpolating", f.Name(), x.D, a)
			}
		}
	}
}

// TestSchedule: every round is as long as it may be, inputs are never skipped, and the
// rounds end at the final height.
func TestSchedule(t *testing.T) {
	for _, c := range []struct {
		blowup, final, arity int
		heights              []int
		want                 []int
	}{
		{1, 0, 1, []int{4}, []int{1, 1, 1}},
		{1, 0, 3, []int{4}, []int{3}},
		{2, 0, 3, []int{10}, []int{3, 3, 2}},
		{2, 2, 3, []int{10}, []int{3, 3}},
		{1, 0, 4, []int{4, 9, 5, 9}, []int{4, 1, 3}},
		{2, 0, 3, []int{2}, nil},
		{2, 0, 3, []int{2, 7}, []int{3, 2}},
		{2, 1, 2, []int{4, 4, 8, 6}, []int{2, 2, 1}},
	} {
		p := Params{LogBlowup: c.blowup, LogFinalPolyLen: c.final, MaxLogArity: c.arity}
		before := slices.Clone(c.heights)
		if got := p.Schedule(c.heights); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v, want %v", c, got, c.want)
		}
		if !slices.Equal(c.heights, before) {
			t.Errorf("%v: the heights were changed", before)
		}
	}
}

// TestParamsLimits goes one past each limit.
func TestParamsLimits(t *testing.T) {
	good := Params{LogBlowup: 2, LogFinalPolyLen: 0, MaxLogArity: 3, NumQueries: 92, CommitPoWBits: 0, QueryPoWBits: 20, CapHeight: 0}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for i, change := range []func(p *Params, below bool){
		func(p *Params, below bool) { p.LogBlowup = pick(below, 0, MaxLogBlowup+1) },
		func(p *Params, below bool) { p.LogFinalPolyLen = pick(below, -1, MaxFinalPoly+1) },
		func(p *Params, below bool) { p.MaxLogArity = pick(below, 0, MaxArity+1) },
		func(p *Params, below bool) { p.NumQueries = pick(below, 0, MaxQueries+1) },
		func(p *Params, below bool) { p.CommitPoWBits = pick(below, -1, 31) },
		func(p *Params, below bool) { p.QueryPoWBits = pick(below, -1, 31) },
		func(p *Params, below bool) { p.CapHeight = pick(below, -1, MaxCapHeight+1) },
	} {
		for _, below := range []bool{true, false} {
			p := good
			change(&p, below)
			if err := p.Validate(); !errors.Is(err, ErrParams) {
				t.Errorf("parameter %d, %+v: %v, want ErrParams", i, p, err)
			}
		}
	}
}

func pick(below bool, lo, hi int) int {
	if below {
		return lo
	}
	return hi
}
