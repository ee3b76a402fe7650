package main

import (
	"fmt"

	"rpp-node/prover/internal/asm"
)

// at is the operand of vector i from the address in base.
func at(f *asm.File, base string, i int) string { return fmt.Sprintf("%d(%s)", i*f.Bytes(), base) }

var moves = map[asm.ISA][2]string{asm.AVX2: {"VMOVDQU", "VMOVDQA"}, asm.AVX512: {"VMOVDQU32", "VMOVDQA32"}}

func load(f *asm.File, from, to string)  { f.I("%s %s, %s", moves[f.ISA][0], from, to) }
func store(f *asm.File, from, to string) { load(f, from, to) }
func move(f *asm.File, from, to string)  { f.I("%s %s, %s", moves[f.ISA][1], from, to) }

// broadcast emits copies of AX in all lanes of register i.
func broadcast(f *asm.File, i int) {
	f.I("VMOVD AX, X%d", i)
	f.I("VPBROADCASTD X%d, %s", i, f.V(i))
}
