package proving

import (
	"sync"
	"testing"

	"rpp-node/prover/circuit"
	"rpp-node/prover/circuit/pruning"
	"rpp-node/prover/device"
	"rpp-node/prover/key"
	"rpp-node/prover/key/derive"
	"rpp-node/prover/merkle"
	"rpp-node/prover/shard"
	"rpp-node/prover/soundness"
	"rpp-node/prover/spec"
)

const chain = 7

var cpu = device.NewCPU(2)

// fixture is a small job of profile fast, with its keys.
type fixture struct {
	keys    Keys
	spec    *spec.Spec
	witness []byte
	file    []byte // its proof
}

var fixtureOf = sync.OnceValues(func() (*fixture, error) {
	v, err := pruning.VariantByName("block-16")
	if err != nil {
		return nil, err
	}
	w, err := v.Sample(9, 1)
	if err != nil {
		return nil, err
	}
	p, err := Prepare(pruning.Family, w.AppendBinary(nil))
	if err != nil {
		return nil, err
	}
	profile, err := soundness.ProfileByName("fast")
	if err != nil {
		return nil, err
	}
	f := &fixture{}
	if f.keys.VK, err = derive.Verifying(p.Variant, profile, merkle.Poseidon2, cpu); err != nil {
		return nil, err
	}
	if f.keys.PK, err = derive.Proving(f.keys.VK, p.Variant.Circuit(), chain, cpu); err != nil {
		return nil, err
	}
	if f.spec, f.witness, err = p.Spec(f.keys.VK, chain); err != nil {
		return nil, err
	}
	m, err := Make(&f.keys, f.spec, f.witness, options())
	if err != nil {
		return nil, err
	}
	f.file = m.File.Encode()
	return f, nil
})

func fix(t testing.TB) *fixture {
	t.Helper()
	f, err := fixtureOf()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func options() Options { return Options{Device: cpu, Plan: shard.DefaultPlan()} }

func family() *circuit.Family {
	f, err := circuit.ByName(pruning.Family)
	if err != nil {
		panic(err)
	}
	return f
}

// with returns a copy of the fixture's spec, changed.
func (f *fixture) with(change func(*spec.Spec)) *spec.Spec {
	s := *f.spec
	s.Publics = nil
	for _, p := range f.spec.Publics {
		s.Publics = append(s.Publics, append(p[:0:0], p...))
	}
	change(&s)
	return &s
}

// first is the index of the first table with public values.
func (f *fixture) first() int {
	for i, p := range f.spec.Publics {
		if len(p) > 0 {
			return i
		}
	}
	panic("no public values")
}

func otherKey(t *testing.T, variant, profile string) *key.Verifying {
	t.Helper()
	v, err := family().Variant(variant)
	if err != nil {
		t.Fatal(err)
	}
	p, err := soundness.ProfileByName(profile)
	if err != nil {
		t.Fatal(err)
	}
	vk, err := derive.Verifying(v, p, merkle.Poseidon2, cpu)
	if err != nil {
		t.Fatal(err)
	}
	return vk
}
