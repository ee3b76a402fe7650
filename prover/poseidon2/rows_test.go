package poseidon2

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"rpp-node/prover/field"
	"rpp-node/prover/kernels"
)

// rowCounts surround multiples of the number of lanes.
var rowCounts = []int{0, 1, 2, Lanes - 1, Lanes, Lanes + 1, 2*Lanes - 1, 2 * Lanes, 3*Lanes + 5}

// someElems are n elements: extreme ones and random ones.
func someElems(p *Perm, rng *rand.Rand, n int) []field.Elem {
	out := make([]field.Elem, n)
	last := p.f.Modulus() - 1
	for i := range out {
		switch rng.IntN(8) {
		case 0:
			out[i] = 0
		case 1:
			out[i] = field.Elem(last)
		case 2:
			out[i] = p.f.One()
		default:
			out[i] = field.Elem(rng.Uint32N(last + 1))
		}
	}
	return out
}

// checkRows compares SpongeRows with Sponge, and looks behind and before the digests.
func checkRows(t *testing.T, p *Perm, rng *rand.Rand, n, rate int, widths []int) {
	t.Helper()
	var segments []Segment
	for _, w := range widths {
		stride := w + rng.IntN(3)
		v := someElems(p, rng, max(0, (n-1)*stride+w))
		if n == 0 {
			v = nil
		}
		segments = append(segments, Segment{Values: slices.Clip(v), Width: w, Stride: stride})
	}
	const guard = 5
	buf := slices.Repeat([]field.Elem{guard}, (n+2)*DigestLen)
	dst := buf[DigestLen : (n+1)*DigestLen]
	p.SpongeRows(dst, rate, segments)
	want := slices.Repeat([]field.Elem{guard}, len(buf))
	for i := range n {
		var row []field.Elem
		for _, s := range segments {
			row = append(row, s.row(i)...)
		}
		p.Sponge(want[(i+1)*DigestLen:][:DigestLen], row, rate)
	}
	if !slices.Equal(buf, want) {
		t.Fatalf("%s-%d: %d rows of %v, rate %d: digests\n%d\nwant\n%d", p.f.Name(), p.width, n, widths, rate, buf, want)
	}
}

func TestSpongeRows(t *testing.T) {
	everySet(t, func(t *testing.T) {
		for _, p := range perms {
			rng := rand.New(rand.NewPCG(uint64(p.width), 3))
			for _, rate := range []int{8, p.width - 8, 5} {
				for _, n := range rowCounts {
					for _, widths := range [][]int{{}, {0}, {1}, {rate}, {2*rate + 1}, {3*rate - 1}, {rate - 1, 1}, {3, 2 * rate}, {rate + 1, 0, 5, 2*rate - 3}} {
						checkRows(t, p, rng, n, rate, widths)
					}
				}
			}
		}
	})
}

func TestCompressPairs(t *testing.T) {
	everySet(t, func(t *testing.T) {
		for _, name := range []string{"koala-bear-16", "baby-bear-16"} {
			p := instances[name]
			rng := rand.New(rand.NewPCG(1, 4))
			for _, n := range rowCounts {
				src := someElems(p, rng, 16*n)
				want := slices.Repeat([]field.Elem{9}, 8*(n+2))
				for i := range n {
					state := slices.Clone(src[16*i : 16*i+16])
					p.Permute(state)
					copy(want[8*(i+1):], state[:8])
				}
				got := slices.Repeat([]field.Elem{9}, 8*(n+2))
				p.CompressPairs(got[8:8*(n+1)], src)
				if !slices.Equal(got, want) {
					t.Fatalf("%s: %d pairs: %d, want %d", name, n, got, want)
				}
				if p.CompressPairs(src[:8*n], src); !slices.Equal(src[:8*n], want[8:8*(n+1)]) {
					t.Fatalf("%s: %d pairs in place: %d, want %d", name, n, src[:8*n], want[8:])
				}
			}
		}
	})
}

func TestRowsPanics(t *testing.T) {
	p := instances["koala-bear-24"]
	buf := make([]field.Elem, 100*Lanes)
	everySet(t, func(t *testing.T) {
		for what, misuse := range map[string]func(){
			"a rate above the width": func() { p.SpongeRows(buf[:8], 25, nil) },
			"a segment too short":    func() { p.SpongeRows(buf[:8*Lanes], 16, []Segment{{buf[:16*Lanes-1], 16, 16}}) },
			"pairs in width 24":      func() { p.CompressPairs(buf[:8], buf[:16]) },
			"too few pairs":          func() { instances["koala-bear-16"].CompressPairs(buf[:16], buf[:31]) },
			"too few states":         func() { p.PermuteLanes(buf[:23*Lanes]) },
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s does not panic", what)
					}
				}()
				misuse()
			}()
		}
	})
}

// FuzzRows compares the kernels with Sponge on rows cut from arbitrary bytes.
func FuzzRows(f *testing.F) {
	f.Add([]byte{1, 2, 3}, uint8(17), uint8(33), uint64(1))
	f.Add(slices.Repeat([]byte{0xff}, 64), uint8(16), uint8(48), uint64(2))
	f.Fuzz(func(t *testing.T, b []byte, n, width uint8, seed uint64) {
		rng := rand.New(rand.NewPCG(seed, uint64(n)))
		for _, set := range kernels.Supported() {
			old := kernels.Use(set)
			for _, p := range perms {
				w := int(width) % 50
				v := someElems(p, rng, int(n)%40*w)
				for i := range v {
					if 4*i+4 <= len(b) {
						v[i] = field.Elem((uint32(b[4*i]) | uint32(b[4*i+1])<<8 | uint32(b[4*i+2])<<16 | uint32(b[4*i+3])<<24) % p.f.Modulus())
					}
				}
				got := make([]field.Elem, int(n)%40*DigestLen)
				p.SpongeRows(got, p.width-8, []Segment{{v, w, w}})
				want := make([]field.Elem, len(got))
				for i := range int(n) % 40 {
					p.Sponge(want[8*i:8*i+8], v[i*w:(i+1)*w], p.width-8)
				}
				if !slices.Equal(got, want) {
					t.Fatalf("%s %s-%d: %d rows of %d: other digests", set, p.f.Name(), p.width, int(n)%40, w)
				}
			}
			kernels.Use(old)
		}
	})
}

func BenchmarkSpongeRows(b *testing.B) {
	for _, set := range kernels.Supported() {
		for _, p := range perms {
			const width, n = 1312, 64
			b.Run(fmt.Sprintf("%s/%s-%d", set, p.f.Name(), p.width), func(b *testing.B) {
				defer kernels.Use(kernels.Use(set))
				rate := p.width - 8
				src, dst := make([]field.Elem, n*width), make([]field.Elem, n*DigestLen)
				for b.Loop() {
					p.SpongeRows(dst, rate, []Segment{{src, width, width}})
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n*(width/rate)), "ns/perm")
			})
		}
	}
}

func BenchmarkCompressPairs(b *testing.B) {
	for _, set := range kernels.Supported() {
		for _, name := range []string{"koala-bear-16", "baby-bear-16"} {
			p := instances[name]
			b.Run(fmt.Sprintf("%s/%s", set, name), func(b *testing.B) {
				defer kernels.Use(kernels.Use(set))
				const n = 1024
				src, dst := make([]field.Elem, 16*n), make([]field.Elem, 8*n)
				for b.Loop() {
					p.CompressPairs(dst, src)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/perm")
			})
		}
	}
}
