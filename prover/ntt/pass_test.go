package ntt

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"rpp-node/prover/field"
	"rpp-node/prover/kernels"
)

// kinds are the kernels of a set for a radix; below says what their inputs are below, in
// multiples of p.
var kinds = []struct {
	name   string
	below  uint32
	kernel func(s *kernelSet, r int) kernel
}{
	{"copy", 2, func(s *kernelSet, _ int) kernel { return s.copy }},
	{"forward", 2, func(s *kernelSet, r int) kernel { return s.forward[r] }},
	{"forwardLast", 2, func(s *kernelSet, r int) kernel { return s.forwardLast[r] }},
	{"forwardStream", 2, func(s *kernelSet, r int) kernel { return s.forwardStream[r] }},
	{"inverse", 2, func(s *kernelSet, r int) kernel { return s.inverse[r] }},
	{"inverseGather", 1, func(s *kernelSet, r int) kernel { return s.inverseGather[r] }},
	{"inverseLast", 2, func(s *kernelSet, r int) kernel { return s.inverseLast[r] }},
}

// word is a random word below the bound, often an extreme one.
func word(rng *rand.Rand, p, bound uint32) field.Elem {
	if rng.IntN(4) == 0 {
		return field.Elem([]uint32{0, 1, p - 1, bound - 1, p % bound}[rng.IntN(5)])
	}
	return field.Elem(rng.Uint32N(bound))
}

// testKernel compares a kernel of the active set with the portable one, on rows at random
// distances in buffers between guards.
func testKernel(t *testing.T, rng *rand.Rand, f *field.Field, kind, r int) {
	t.Helper()
	k, p := kinds[kind], f.Modulus()
	if k.name == "copy" {
		r = 0
	}
	grid := 1 // of the rows' places in dst
	if k.name == "forwardStream" {
		grid = lane
	}
	rows := 1 << r
	a := pass{
		run: lane * (1 + rng.IntN(4)), blocks: 1 + rng.IntN(5), nodeStep: rng.IntN(2),
		ahead: rng.IntN(1000), prime: uint64(p),
	}
	for i, at := range rng.Perm(a.blocks) {
		a.places[i] = at
	}
	a.srcGap = a.run + rng.IntN(40)
	a.srcStep = a.srcGap*rows + rng.IntN(40)
	a.dstGap = a.run + grid*rng.IntN(3)
	a.dstStep = a.dstGap*rows + grid*rng.IntN(3)
	switch k.name {
	case "inverseLast":
		a.node, a.nodeStep = 1, 0
		a.table = lastNodes(f, r, treeOf(treeKey{f, r, unit(rng, f), true}))
	case "copy":
	case "inverseGather":
		a.nodeStep = 1
		fallthrough
	default:
		const log = 8
		a.table = treeOf(treeKey{f, log, unit(rng, f), false})
		a.node = 1 + rng.IntN(1<<(log-r)-4)
	}

	src := make([]field.Elem, a.srcStep*(a.blocks-1)+a.srcGap*(rows-1)+a.run)
	for i := range src {
		src[i] = word(rng, p, k.below*p)
	}
	dst := slices.Repeat([]field.Elem{guardWord}, a.dstStep*(a.blocks-1)+a.dstGap*(rows-1)+a.run)
	run := func(s *kernelSet) []field.Elem {
		b := a
		srcAll, srcIn := guarded(src)
		dstAll, dstIn := guarded(dst)
		b.src, b.dst = srcIn, dstIn
		k.kernel(s, r)(&b)
		checkGuards(t, srcAll)
		checkGuards(t, dstAll)
		if !slices.Equal(srcIn, src) {
			t.Errorf("%s, radix %d: writes to its input", k.name, rows)
		}
		return dstIn
	}
	if !slices.Equal(run(active()), run(portable)) {
		t.Errorf("%s %s, radix %d, %d blocks of %d: differs from the portable kernel", f.Name(), k.name, rows, a.blocks, a.run)
	}
}

func TestKernels(t *testing.T) {
	everySet(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(7, 20))
		for _, f := range fields {
			for kind := range kinds {
				for r := 1; r <= active().radix; r++ {
					for range 20 {
						testKernel(t, rng, f, kind, r)
					}
				}
			}
		}
	})
}

func FuzzKernels(f *testing.F) {
	for kind := range kinds {
		f.Add(uint64(kind), byte(kind), byte(3))
	}
	f.Fuzz(func(t *testing.T, seed uint64, kind, r byte) {
		for _, s := range kernels.Supported() {
			old := kernels.Use(s)
			rng := rand.New(rand.NewPCG(seed, 1))
			testKernel(t, rng, fields[seed%2], int(kind)%len(kinds), 1+int(r)%active().radix)
			kernels.Use(old)
		}
	})
}

// TestCallsAreShort: a pass is done in calls of a bounded size, whatever its shape, and
// the calls do all of it, each block as its node.
func TestCallsAreShort(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 21))
	for range 100 {
		r := rng.IntN(maxRadix + 1)
		run, blocks := lane*(1+rng.IntN(3))<<rng.IntN(12), 1+rng.IntN(1<<rng.IntN(7))
		p := pass{
			run: run, blocks: blocks, node: 1, nodeStep: 1, srcStep: run, dstStep: run,
			src: make([]field.Elem, run*blocks), dst: make([]field.Elem, run*blocks),
		}
		dst := p.dst
		p.do(func(p *pass) {
			if p.run*p.blocks<<r > callWords {
				t.Fatalf("radix %d: a call of %d blocks of %d", 1<<r, p.blocks, p.run)
			}
			for b := range p.blocks {
				for e := range p.run {
					p.dst[b*p.dstStep+e] += field.Elem(p.node + b)
				}
			}
		}, r)
		for i, v := range dst {
			if int(v) != 1+i/run {
				t.Fatalf("radix %d, %d blocks of %d: element %d is done as node %d", 1<<r, blocks, run, i, v)
			}
		}
	}
}

// BenchmarkKernels runs each kernel on rows in the second level of cache.
func BenchmarkKernels(b *testing.B) {
	f := field.KoalaBear
	const words, log = 64 << 10, 12
	nodes := treeOf(treeKey{f, log, f.Generator(), false})
	last := lastNodes(f, log, nodes)
	buf := make([]field.Elem, words+lane)
	for !(view{buf, 0, lane}).aligned() {
		buf = buf[1:]
	}
	for _, k := range kinds {
		for _, set := range kernels.Supported() {
			for r := 1; r <= maxRadix; r++ {
				defer kernels.Use(kernels.Use(set))
				if r > active().radix || k.name == "copy" {
					continue
				}
				b.Run(fmt.Sprintf("%s/%s/radix=%d", k.name, set, 1<<r), func(b *testing.B) {
					const c = 2 * lane
					p := &pass{
						src: buf, dst: buf, srcGap: c, dstGap: c, srcStep: c << r, dstStep: c << r,
						run: c, blocks: min(gatherBlocks, words/(c<<r)), table: nodes, node: 1, prime: uint64(f.Modulus()),
					}
					if k.name == "inverseLast" {
						p.table = last
					}
					for i := range p.blocks {
						p.places[i] = i
					}
					for b.Loop() {
						k.kernel(active(), r)(p)
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(p.blocks*c<<r/2*r), "ns/butterfly")
				})
			}
		}
	}
}
