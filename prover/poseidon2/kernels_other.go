//go:build !amd64

package poseidon2

import (
	"rpp-node/prover/field"
	"rpp-node/prover/poseidon2/internal/plan"
)

type kernelSet struct{}

func kernelsOf(plan.Name) (k kernelSet) { return }

func (k *kernelSet) permute(*states, *Perm, overwritten) bool { return false }

func (k *kernelSet) hasFew() bool { return false }

func (k *kernelSet) permuteFew(*states, *Perm) {}

func (k *kernelSet) loads(int) bool { return false }

func (k *kernelSet) load(*states, int, *field.Elem, int) {}

func storeDigests([]field.Elem, *states) bool { return false }
