// Command gen writes the trace kernels of package bench. Run it by "go generate" there.
package main

import "rpp-node/prover/internal/asm"

func main() {
	for _, isa := range []asm.ISA{asm.AVX2, asm.AVX512} {
		f := asm.NewFile(isa)
		transpose(f)
		bits(f)
		for _, p := range primes {
			limbs(f, p)
			columns(f, p)
		}
		f.Write(map[asm.ISA]string{asm.AVX2: "kernels_avx2_amd64.s", asm.AVX512: "kernels_avx512_amd64.s"}[isa])
	}
}
