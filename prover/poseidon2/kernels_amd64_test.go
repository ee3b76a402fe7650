package poseidon2

import (
	"math/rand/v2"
	"testing"

	"rpp-node/prover/kernels"
)

// TestWithoutIFMA has a processor with AVX-512 but without its products of 52 bits run the
// AVX2 kernels.
func TestWithoutIFMA(t *testing.T) {
	defer kernels.Use(kernels.Use(kernels.Supported()[len(kernels.Supported())-1]))
	defer func(has bool) { hasIFMA = has }(hasIFMA)
	hasIFMA = false
	for _, p := range perms {
		checkRows(t, p, rand.New(rand.NewPCG(5, 5)), 2*Lanes+1, p.width-8, []int{p.width + 3})
	}
}
