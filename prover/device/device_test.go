package device_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"rpp-node/prover/device"
	"rpp-node/prover/field"
	"rpp-node/prover/internal/vectors"
	"rpp-node/prover/internal/vectors/tape"
	"rpp-node/prover/matrix"
	"rpp-node/prover/merkle"
	"rpp-node/prover/merkle/tree"
	"rpp-node/prover/ntt"
)

// natural puts bit-reversed rows into natural order, or back.
func natural(m matrix.Matrix) []field.Elem {
	log := ntt.Log(m.Height())
	var out []field.Elem
	for r := range m.Height() {
		out = append(out, m.Row(field.ReverseBits(r, log))...)
	}
	return out
}

// scale replaces f(X) by f(s·X).
func scale(f *field.Field, m matrix.Matrix, s field.Elem) matrix.Matrix {
	for r, p := range f.Powers(f.One(), s, m.Height()) {
		f.ScaleVec(m.Row(r), m.Row(r), p)
	}
	return m
}

// TestTransformVectors compares every transform of upstream's vectors, on devices of one
// and of several workers.
func TestTransformVectors(t *testing.T) {
	var list []struct {
		Field string
		Cases []struct {
			Input struct {
				Height, Width int
				Values        []uint64
			}
			DFT, IDFT []uint64
			CosetDFT  []uint64 `json:"coset_dft_g"`
			CosetIDFT []uint64 `json:"coset_idft_g"`
			Natural   []uint64 `json:"coset_lde_g_added1_natural_order"`
			Reversed  []uint64 `json:"coset_lde_g_added2_bitrev_rows"`
		}
	}
	vectors.JSON(t, "ntt.json", &list)
	exts := map[string]*field.Ext{"koala-bear": field.KoalaBear4, "baby-bear": field.BabyBear4}
	tested := 0
	for _, v := range list {
		x := exts[v.Field]
		if x == nil {
			continue
		}
		c, f := tape.Config{Name: v.Field, Ext: x}, x.Base
		for i, cs := range v.Cases {
			tested++
			in := matrix.Matrix{Width: cs.Input.Width, Values: c.Elems(t, cs.Input.Values)}
			log := ntt.Log(in.Height())
			for _, workers := range []int{0, 1, 3} {
				dev := device.NewCPU(workers)
				check := func(what string, got []field.Elem, want []uint64) {
					t.Helper()
					if !slices.Equal(got, c.Elems(t, want)) {
						t.Errorf("%s case %d, %d workers: %s differs from upstream's", v.Field, i, workers, what)
					}
				}
				g := f.Generator()
				interpolate := func(values []field.Elem, order ntt.Order) matrix.Matrix {
					m := matrix.Matrix{Width: in.Width, Values: slices.Clone(values)}
					dev.Interpolate(f, m, order)
					return m
				}
				extend := func(values []field.Elem, order ntt.Order, by int) matrix.Matrix {
					m := matrix.New(in.Height()<<by, in.Width)
					dev.Extend(f, []device.Extension{{Rows: m, Values: matrix.Matrix{Width: in.Width, Values: values}, Order: order, From: f.One(), Shift: g}})
					return m
				}
				p, rev := interpolate(in.Values, ntt.Natural), natural(in)
				check("interpolation", p.Values, cs.IDFT)
				check("evaluation", natural(dev.Evaluate(f, in, f.One(), log)), cs.DFT)
				check("evaluation on the coset", natural(dev.Evaluate(f, in, g, log)), cs.CosetDFT)
				check("evaluation on twice as many points", natural(dev.Evaluate(f, p, g, log+1)), cs.Natural)
				check("evaluation on four times as many", dev.Evaluate(f, p, g, log+2).Values, cs.Reversed)
				check("extension by 2", natural(extend(in.Values, ntt.Natural, 1)), cs.Natural)
				check("extension by 4", extend(in.Values, ntt.Natural, 2).Values, cs.Reversed)
				check("extension of bit-reversed rows", extend(rev, ntt.Reversed, 2).Values, cs.Reversed)
				check("interpolation of bit-reversed rows", interpolate(rev, ntt.Reversed).Values, cs.IDFT)
				check("interpolation on the coset", scale(f, p, f.Inv(g)).Values, cs.CosetIDFT)
				back := matrix.New(in.Height(), in.Width)
				copy(back.Values, in.Values)
				dev.Extend(f, []device.Extension{{Rows: back, Values: back, Order: ntt.Natural, From: g, Shift: g}})
				check("values on the coset, brought back to it", natural(back), cs.Input.Values)
			}
		}
	}
	if tested != 14 {
		t.Errorf("%d cases tested, want 14", tested)
	}
}

// TestFor: ranges are disjoint and cover everything, whatever the number of workers.
func TestFor(t *testing.T) {
	for _, workers := range []int{-1, 1, 2, 7, 100} {
		dev := device.NewCPU(workers)
		if dev.Workers() != max(1, workers) {
			t.Errorf("NewCPU(%d) has %d workers", workers, dev.Workers())
		}
		for _, n := range []int{0, 1, 2, 15, 1000} {
			var mu sync.Mutex
			seen := make([]int, n)
			dev.For(n, func(from, to int) {
				mu.Lock()
				defer mu.Unlock()
				if from >= to {
					t.Errorf("%d workers, n = %d: empty range at %d", workers, n, from)
				}
				for i := from; i < to; i++ {
					seen[i]++
				}
			})
			if slices.ContainsFunc(seen, func(k int) bool { return k != 1 }) {
				t.Errorf("%d workers, n = %d: indices seen %v times", workers, n, seen)
			}
		}
	}
}

// TestWorkersGiveSameBytes: extension and tree of matrices wider than a tile do not depend
// on the number of workers, nor on what recycled memory held.
func TestWorkersGiveSameBytes(t *testing.T) {
	f := field.KoalaBear
	rng := rand.New(rand.NewPCG(3, 1))
	for _, width := range []int{1, 15, 16, 17, 50} {
		m := matrix.New(64, width)
		for i := range m.Values {
			m.Values[i] = f.FromUint(rng.Uint64())
		}
		var want matrix.Matrix
		var wantTree *tree.Tree
		for _, workers := range []int{1, 2, 5} {
			dev := device.NewCPU(workers)
			dirty := matrix.Get(256, width)
			for i := range dirty.Values {
				dirty.Values[i] = f.One()
			}
			dirty.Put()
			got := matrix.Get(256, width)
			copy(got.Values, m.Values)
			dev.Extend(f, []device.Extension{{Rows: got, Values: got.Rows(0, 64), Order: ntt.Natural, From: f.One(), Shift: f.Generator()}})
			tr := dev.Tree(merkle.NewSuite(merkle.Poseidon2, f), nil, []matrix.Matrix{got}, 4)
			if wantTree == nil {
				want, wantTree = got, tr
				continue
			}
			if !slices.Equal(got.Values, want.Values) || got.Width != width {
				t.Errorf("width %d: extension by %d workers differs", width, workers)
			}
			if !slices.Equal(tr.Top(), wantTree.Top()) || tr.At(256, 77) != wantTree.At(256, 77) {
				t.Errorf("width %d: tree by %d workers differs", width, workers)
			}
		}
	}
}

// TestExtendSideBySide: a list of matrices, some of them narrow and some extended where
// they lie, gives what each gives by itself, and leaves values elsewhere as they are.
func TestExtendSideBySide(t *testing.T) {
	f := field.KoalaBear
	rng := rand.New(rand.NewPCG(3, 2))
	var want, list []device.Extension
	for i, width := range []int{5, 40, 1, 16, 166, 15, 33} {
		values := matrix.New(8<<(i%3), width)
		for k := range values.Values {
			values.Values[k] = f.FromUint(rng.Uint64())
		}
		e := device.Extension{Values: values, Order: ntt.Order(i % 2), From: f.One(), Shift: f.FromUint(uint64(3 + i))}
		e.Rows = matrix.New(values.Height()<<2, width)
		device.NewCPU(1).Extend(f, []device.Extension{e})
		want = append(want, e)
	}
	for _, workers := range []int{1, 2, 3, 8, 100} {
		list = nil
		for i, e := range want {
			e.Rows = matrix.New(e.Rows.Height(), e.Rows.Width)
			if i%4 == 1 {
				copy(e.Rows.Values, e.Values.Values)
				e.Values = e.Rows.Rows(0, e.Values.Height())
			} else {
				e.Values.Values = slices.Clone(e.Values.Values)
			}
			list = append(list, e)
		}
		device.NewCPU(workers).Extend(f, list)
		for i, e := range list {
			if !slices.Equal(e.Rows.Values, want[i].Rows.Values) {
				t.Errorf("%d workers: matrix %d differs", workers, i)
			}
			if i%4 != 1 && !slices.Equal(e.Values.Values, want[i].Values.Values) {
				t.Errorf("%d workers: the values of matrix %d changed", workers, i)
			}
		}
	}
}
