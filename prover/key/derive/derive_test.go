package derive

import (
	"errors"
	"reflect"
	"testing"

	"rpp-node/prover/air"
	"rpp-node/prover/circuit"
	"rpp-node/prover/circuit/bench"
	"rpp-node/prover/device"
	"rpp-node/prover/field"
	"rpp-node/prover/key"
	"rpp-node/prover/merkle"
	"rpp-node/prover/soundness"
	"rpp-node/prover/stark"
	"rpp-node/prover/system"
)

const (
	smallVariant = "block-16"
	smallProfile = "fast"
)

func variant(tb testing.TB, name string) *circuit.Variant {
	tb.Helper()
	f, err := circuit.ByName("pruning")
	if err != nil {
		tb.Fatal(err)
	}
	v, err := f.Variant(name)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func profile(tb testing.TB, name string) soundness.Profile {
	tb.Helper()
	p, err := soundness.ProfileByName(name)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// small derives the keys of the smallest variant, for chain 9.
func small(tb testing.TB, hash merkle.Kind, workers int) (*key.Verifying, *stark.Key, *air.Circuit) {
	tb.Helper()
	v, dev := variant(tb, smallVariant), device.NewCPU(workers)
	vk, err := Verifying(v, profile(tb, smallProfile), hash, dev)
	if err != nil {
		tb.Fatal(err)
	}
	c := v.Circuit()
	pk, err := Proving(vk, c, 9, dev)
	if err != nil {
		tb.Fatal(err)
	}
	return vk, pk, c
}

// Two derivations are equal, whatever the number of workers.
func TestDeriveTwice(t *testing.T) {
	for _, h := range []merkle.Kind{merkle.Poseidon2, merkle.Keccak} {
		vk, pk, _ := small(t, h, 1)
		vk2, pk2, _ := small(t, h, 3)
		if !reflect.DeepEqual(vk, vk2) || !reflect.DeepEqual(Encode(vk, pk), Encode(vk2, pk2)) {
			t.Errorf("%s: two derivations differ", h)
		}
		if vk.Family != "pruning" || vk.Variant != smallVariant || vk.Profile.Name != smallProfile || vk.Hash != h {
			t.Errorf("%s: key of %s/%s, %s, %s", h, vk.Family, vk.Variant, vk.Profile.Name, vk.Hash)
		}
	}
}

// Every pair of variant and profile has a key or says that its heights rule it out.
func TestCheck(t *testing.T) {
	for _, f := range circuit.Families() {
		for i := range f.Variants {
			for _, p := range soundness.Profiles() {
				for _, h := range []merkle.Kind{merkle.Poseidon2, merkle.Keccak} {
					s, err := Check(&f.Variants[i], p, h)
					if err != nil && !errors.Is(err, system.ErrHeights) {
						t.Errorf("%s/%s %s %s: %v", f.Name, f.Variants[i].Name, p.Name, h, err)
					}
					if err == nil && (s.FRI != key.Params(p) || s.Hash != h) {
						t.Errorf("%s/%s %s %s: another system", f.Name, f.Variants[i].Name, p.Name, h)
					}
				}
			}
		}
	}
	capped := profile(t, smallProfile)
	capped.CapHeight = 12
	if _, err := Check(variant(t, smallVariant), capped, merkle.Poseidon2); !errors.Is(err, system.ErrHeights) {
		t.Errorf("a cap higher than the tables: %v", err)
	}
}

// A proving key is made for the key's circuit and commitment, not for others.
func TestProvingMismatch(t *testing.T) {
	vk, _, c := small(t, merkle.Poseidon2, 1)
	dev := device.NewCPU(1)
	if _, err := Proving(vk, variant(t, "range-4x16").Circuit(), 0, dev); !errors.Is(err, key.ErrMismatch) {
		t.Errorf("other circuit: %v", err)
	}
	vk.PrepCap[0][0] ^= 1
	if _, err := Proving(vk, c, 0, dev); !errors.Is(err, key.ErrMismatch) {
		t.Errorf("other commitment: %v", err)
	}
}

// plainKey is the key of a circuit without preprocessed columns and lookups.
func plainKey(tb testing.TB) (*key.Verifying, *air.Circuit) {
	tb.Helper()
	f := field.KoalaBear
	c := &air.Circuit{Name: "fibonacci", Field: f, Tables: []air.Table{bench.Fibonacci(f)}}
	p := profile(tb, smallProfile)
	s, err := system.New(c, field.ExtOf(f, p.Degree), merkle.Keccak, key.Params(p), nil)
	if err != nil {
		tb.Fatal(err)
	}
	return key.Describe("fibonacci", "plain", 1, s, p, [][]int{{3}}), c
}
