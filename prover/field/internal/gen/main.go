// Command gen writes the vector kernels of package field: for each instruction set one
// file of base-field vectors, one of sums over rows and one of extension vectors.
//
// The kernels serve both primes: p and p^-1 mod 2^32 are arguments. Register use is
// stated at each kernel; everything that a kernel may overwrite is its own.
package main

import (
	"strings"

	"rpp-node/prover/internal/asm"
)

func main() {
	for _, isa := range []asm.ISA{asm.AVX2, asm.AVX512} {
		for _, part := range []struct {
			name string
			emit func(*kernel)
		}{{"vector", vectors}, {"rows", rows}, {"ext", extensions}} {
			k := &kernel{Arith: &asm.Arith{File: asm.NewFile(isa)}}
			k.masks()
			part.emit(k)
			k.Write(part.name + "_" + strings.ToLower(isa.Suffix()) + "_amd64.s")
		}
	}
}
