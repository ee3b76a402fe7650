// Command gen writes the kernels of package poseidon2. Run it by "go generate" there.
package main

import (
	"slices"

	"rpp-node/prover/internal/asm"
	"rpp-node/prover/poseidon2/internal/plan"
)

func main() {
	f := asm.NewFile(asm.AVX512)
	transpositions(f)
	for _, name := range names() {
		k := &kernel{File: f, Plan: plan.Instances[name], halves: both[:]}
		k.permute(string(name))
	}
	f.Write("kernels_avx512_amd64.s")
	f = asm.NewFile(asm.AVX512)
	for _, name := range names() {
		k := &kernel{File: f, Plan: plan.Instances[name], halves: both[:1]}
		k.permute("Few" + string(name))
	}
	f.Write("kernels_few_avx512_amd64.s")
	f = asm.NewFile(asm.AVX2)
	for _, name := range names() {
		permuteNarrow(f, name)
	}
	f.Write("kernels_avx2_amd64.s")
}

func names() (out []plan.Name) {
	for name := range plan.Instances {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}
