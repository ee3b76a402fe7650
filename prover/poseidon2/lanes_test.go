package poseidon2

import (
	"fmt"
	"slices"
	"testing"

	"rpp-node/prover/field"
	"rpp-node/prover/internal/vectors"
	"rpp-node/prover/kernels"
)

// everySet runs a test with each set of kernels.
func everySet(t *testing.T, test func(t *testing.T)) {
	for _, set := range kernels.Supported() {
		t.Run(set.String(), func(t *testing.T) {
			defer kernels.Use(kernels.Use(set))
			test(t)
		})
	}
}

// sideBySide arranges states as PermuteLanes wants them.
func sideBySide(p *Perm, states [][]field.Elem) []field.Elem {
	out := make([]field.Elem, p.width*Lanes)
	for j, s := range states {
		for i, v := range s {
			out[i*Lanes+j] = v
		}
	}
	return out
}

func TestPermuteLanes(t *testing.T) {
	everySet(t, func(t *testing.T) {
		for name, p := range instances {
			all := stateList(p, 30*Lanes)
			for b := 0; b < len(all); b += Lanes {
				got := sideBySide(p, all[b:b+Lanes])
				var want [][]field.Elem
				for _, s := range all[b : b+Lanes] {
					s, one := slices.Clone(s), slices.Clone(s)
					p.Permute(s)
					want = append(want, s)
					if p.PermuteOne(one); !slices.Equal(one, s) {
						t.Fatalf("%s: one: %d, want %d", name, one, s)
					}
				}
				p.PermuteLanes(got)
				if w := sideBySide(p, want); !slices.Equal(got, w) {
					t.Fatalf("%s: %d\nwant %d", name, got, w)
				}
			}
		}
	})
}

// TestPermuteLanesVectors sends upstream's vectors through the kernels.
func TestPermuteLanesVectors(t *testing.T) {
	var groups []struct {
		Name  string
		Cases []struct{ In, Out []uint64 }
	}
	vectors.JSON(t, "poseidon2.json", &groups)
	everySet(t, func(t *testing.T) {
		tested := 0
		for _, g := range groups {
			p := instances[g.Name]
			if p == nil {
				continue
			}
			for i, c := range g.Cases {
				in, out := elems(p.f, narrow(t, c.In)), elems(p.f, narrow(t, c.Out))
				got := sideBySide(p, slices.Repeat([][]field.Elem{in}, Lanes))
				p.PermuteLanes(got)
				if !slices.Equal(got, sideBySide(p, slices.Repeat([][]field.Elem{out}, Lanes))) {
					t.Errorf("%s case %d: %d, want %d in all lanes", g.Name, i, got, out)
				}
				tested++
			}
		}
		if tested == 0 {
			t.Error("no vectors")
		}
	})
}

func BenchmarkPermuteLanes(b *testing.B) {
	for _, set := range kernels.Supported() {
		for _, p := range perms {
			b.Run(fmt.Sprintf("%s/%s-%d", set, p.f.Name(), p.width), func(b *testing.B) {
				defer kernels.Use(kernels.Use(set))
				s := make([]field.Elem, p.width*Lanes)
				for b.Loop() {
					p.PermuteLanes(s)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/Lanes, "ns/perm")
			})
		}
	}
}
