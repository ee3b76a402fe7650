package tree

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
	"rpp-node/prover/merkle"
	"rpp-node/prover/ntt"
)

// concurrent runs every index on a goroutine of its own, last first.
func concurrent(n int, body func(from, to int)) {
	var wg sync.WaitGroup
	for i := n - 1; i >= 0; i-- {
		wg.Go(func() { body(i, i+1) })
	}
	wg.Wait()
}

func randomMats(rng *rand.Rand, f *field.Field, shapes [][2]int) []matrix.Matrix {
	var out []matrix.Matrix
	for _, s := range shapes {
		m := matrix.New(1<<s[0], s[1])
		for i := range m.Values {
			m.Values[i] = f.FromUint(rng.Uint64())
		}
		out = append(out, m)
	}
	return out
}

// slow is the digest of node i of the layer of the given width, from the definition.
func slow(s merkle.Suite, mats []matrix.Matrix, tallest, width, i int) merkle.Digest {
	var row []field.Elem
	for _, m := range mats {
		if m.Height() == width {
			row = append(row, m.Row(i)...)
		}
	}
	if width == tallest {
		return s.HashRow(row)
	}
	l, r := slow(s, mats, tallest, 2*width, 2*i), slow(s, mats, tallest, 2*width, 2*i+1)
	d := s.Compress(&l, &r)
	if row != nil {
		leaf := s.HashRow(row)
		d = s.Compress(&d, &leaf)
	}
	return d
}

// Logarithms of heights, and widths; the second has a gap below the tallest, the last a
// single matrix of one row.
var shapes = [][][2]int{
	{{5, 3}, {3, 2}, {5, 1}, {2, 4}, {0, 2}},
	{{6, 1}, {2, 1}, {1, 19}},
	{{4, 40}},
	{{0, 5}},
}

// TestBuild compares every node with its definition, built on one core and on many.
func TestBuild(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	f := field.KoalaBear
	defer func(n int) { keepAll = n }(keepAll)
	for k, kind := range []merkle.Kind{merkle.Poseidon2, merkle.Keccak, merkle.Poseidon2} {
		keepAll = []int{4, 1, 1 << 14}[k]
		s := merkle.NewSuite(kind, f)
		for _, shape := range shapes {
			mats := randomMats(rng, f, shape)
			tallest := 1 << shape[0][0]
			for _, loop := range []For{Sequential, concurrent} {
				tr := Build(s, loop, nil, mats, 1)
				if tr.Width() != tallest || len(tr.Top()) != 1 {
					t.Fatalf("%v: from %d to %d nodes", shape, tr.Width(), len(tr.Top()))
				}
				for width := 1; width <= tallest; width *= 2 {
					for i := range width {
						if tr.At(width, i) != slow(s, mats, tallest, width, i) {
							t.Fatalf("%v %v: node %d of %d", kind, shape, i, width)
						}
					}
				}
			}
		}
	}
}

// TestShards cuts trees into shards and a crown of every legal width: the layers put
// together are the whole tree's.
func TestShards(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	f := field.BabyBear
	s := merkle.NewSuite(merkle.Poseidon2W16, f)
	defer func(n int) { keepAll = n }(keepAll)
	for k, shape := range shapes {
		keepAll = []int{2, 1 << 14}[k%2]
		mats := randomMats(rng, f, shape)
		logMax := shape[0][0]
		for logCap := range logMax + 1 {
			whole := Build(s, Sequential, nil, mats, 1<<logCap)
			for logShards := range logMax + 1 {
				for logCrown := max(logShards, logCap); logCrown <= logMax; logCrown++ {
					t.Run(fmt.Sprintf("%v/cap=%d/shards=%d/crown=%d", shape, logCap, logShards, logCrown), func(t *testing.T) {
						checkCut(t, s, whole, mats, logShards, logCrown, logCap)
					})
				}
			}
		}
	}
}

// checkCut gives matrices taller than the crown to the shards and the others to the
// crown, as a job does.
func checkCut(t *testing.T, s merkle.Suite, whole *Tree, mats []matrix.Matrix, logShards, logCrown, logCap int) {
	var tall, low []matrix.Matrix
	for _, m := range mats {
		if ntt.Log(m.Height()) > logCrown {
			tall = append(tall, m)
		} else {
			low = append(low, m)
		}
	}
	var base []merkle.Digest
	var shards []*Tree
	if len(tall) > 0 {
		for j := range 1 << logShards {
			var part []matrix.Matrix
			for _, m := range tall {
				n := m.Height() >> logShards
				part = append(part, m.Rows(j*n, (j+1)*n))
			}
			tr := Build(s, Sequential, nil, part, 1<<(logCrown-logShards))
			shards = append(shards, tr)
			base = append(base, tr.Top()...)
		}
	}
	crown := Build(s, Sequential, base, low, 1<<logCap)
	for width := whole.Width(); width >= 1<<logCap; width /= 2 {
		for i := range width {
			got := merkle.Digest{}
			if width <= crown.Width() {
				got = crown.At(width, i)
			} else {
				n := width >> logShards
				got = shards[i/n].At(n, i%n)
			}
			if got != whole.At(width, i) {
				t.Fatalf("node %d of %d is not the whole tree's", i, width)
			}
		}
	}
}
