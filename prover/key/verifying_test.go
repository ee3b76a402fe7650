package key

import (
	"errors"
	"testing"

	"rpp-node/prover/field"
	"rpp-node/prover/merkle"
)

func TestSystem(t *testing.T) {
	for _, h := range hashes {
		k := sampleKey(t, h)
		s, err := k.System(sampleCircuit(1), 5)
		if err != nil || s.Hash != h || s.Ext != field.KoalaBear4 || s.FRI != Params(k.Profile) || len(s.PrepCap) != 1 {
			t.Errorf("%s: %+v, %v", h, s, err)
		}
	}
}

// A key is for one circuit: whatever either says otherwise, there is no system.
func TestMismatch(t *testing.T) {
	k := sampleKey(t, merkle.Poseidon2)
	if _, err := k.System(sampleCircuit(2), 0); !errors.Is(err, ErrMismatch) {
		t.Errorf("other constant in a constraint: %v", err)
	}
	other := sampleCircuit(1)
	other.Tables[1].Prep[3] = field.KoalaBear.FromUint(4)
	if _, err := k.System(other, 0); !errors.Is(err, ErrMismatch) {
		t.Errorf("other preprocessed value: %v", err)
	}
	for name, change := range map[string]func(*Verifying){
		"table name":         func(k *Verifying) { k.Tables[0].Name = "sun" },
		"width":              func(k *Verifying) { k.Tables[0].Width++ },
		"publics":            func(k *Verifying) { k.Tables[0].Publics++ },
		"preprocessed width": func(k *Verifying) { k.Tables[1].PrepWidth++ },
		"main_next":          func(k *Verifying) { k.Tables[0].MainNext = false },
		"preprocessed_next":  func(k *Verifying) { k.Tables[1].PrepNext = true },
		"degree":             func(k *Verifying) { k.Tables[0].Degree-- },
		"constraints":        func(k *Verifying) { k.Tables[0].Constraints[7] ^= 1 },
		"tables":             func(k *Verifying) { k.Tables = k.Tables[:1] },
		"buses":              func(k *Verifying) { k.Buses = []string{"large"} },
		"hash digest":        func(k *Verifying) { k.HashDigest[0] ^= 1 },
	} {
		k := sampleKey(t, merkle.Poseidon2)
		change(k)
		if _, err := k.System(sampleCircuit(1), 0); !errors.Is(err, ErrMismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheckHeights(t *testing.T) {
	k := sampleKey(t, merkle.Poseidon2)
	k.Heights = append(k.Heights, []int{5, 2})
	for _, c := range []struct {
		heights []int
		ok      bool
	}{
		{[]int{3, 2}, true}, {[]int{5, 2}, true},
		{[]int{4, 2}, false}, {[]int{3, 3}, false}, {[]int{2, 3}, false}, {[]int{3}, false}, {[]int{3, 2, 0}, false}, {nil, false},
	} {
		if err := k.CheckHeights(c.heights); (err == nil) != c.ok || !c.ok && !errors.Is(err, ErrHeights) {
			t.Errorf("%v: %v", c.heights, err)
		}
	}
}
