//go:build linux

package processtest

import (
	"encoding/hex"
	"fmt"
	"sync"

	"rpp-node/cluster/keys"
	"rpp-node/prover/device"
	"rpp-node/prover/key/derive"
	"rpp-node/prover/merkle"
	"rpp-node/prover/proving"
	"rpp-node/prover/shard"
	"rpp-node/prover/soundness"
)

// reference says what a job's proof must be, from nothing but the library.
type reference struct {
	variant string
	keys    *proving.Keys
	judge   *proving.Verifier
}

var (
	referencesMu sync.Mutex // guards references
	references   = map[string]*reference{}
)

// referenceFor derives the keys of a witness's variant, once.
func referenceFor(body []byte) (*reference, *proving.Prepared, error) {
	p, err := proving.Prepare(family, body)
	if err != nil {
		return nil, nil, err
	}
	referencesMu.Lock()
	defer referencesMu.Unlock()
	if r := references[p.Variant.Name]; r != nil {
		return r, p, nil
	}
	profile, err := soundness.ProfileByName(keys.DefaultProfile)
	if err != nil {
		return nil, nil, err
	}
	hash, ok := merkle.KindByName(keys.DefaultHash)
	if !ok {
		return nil, nil, fmt.Errorf("no hash %s", keys.DefaultHash)
	}
	dev := device.NewCPU(1)
	vk, err := derive.Verifying(p.Variant, profile, hash, dev)
	if err != nil {
		return nil, nil, err
	}
	pk, err := derive.Proving(vk, p.Variant.Circuit(), 0, dev)
	if err != nil {
		return nil, nil, err
	}
	r := &reference{variant: p.Variant.Name, keys: &proving.Keys{VK: vk, PK: pk}, judge: proving.NewVerifier(soundness.DefaultFloor)}
	references[p.Variant.Name] = r
	return r, p, nil
}

// judgeFile says what is wrong with a proof file for a witness under a job's identifier,
// nil if nothing is.
func judgeFile(body []byte, job string, file []byte) error {
	r, p, err := referenceFor(body)
	if err != nil {
		return err
	}
	s, _, err := p.Spec(r.keys.VK, 0)
	if err != nil {
		return err
	}
	if id := s.ID(); hex.EncodeToString(id[:]) != job {
		return fmt.Errorf("the witness is that of job %x, promised was %s", id, job)
	}
	return r.judge.Judge(r.keys.VK, s, file)
}

// prove makes the proof file of a witness here.
func prove(body []byte) ([]byte, error) {
	r, p, err := referenceFor(body)
	if err != nil {
		return nil, err
	}
	made, err := p.Prove(r.keys, 0, proving.Options{Device: device.NewCPU(1), Plan: shard.DefaultPlan(), Floor: soundness.DefaultFloor})
	if err != nil {
		return nil, err
	}
	return made.File.Encode(), nil
}
