package main

import (
	"fmt"

	"rpp-node/prover/internal/asm"
)

// index is the place of lane (x, y) in a state.
func index(x, y int) int { return x + 5*y }

// pi says which lane becomes lane (x, y).
func pi(x, y int) (fromX, fromY int) { return (x + 3*y) % 5, x }

// rows addresses rows at a stride: the registers of the first row's address and of
// multiples of the stride in bytes.
type rows struct{ base, s1, s3, s5, s7 string }

var strided = rows{base: "SI", s1: "R8", s3: "R9", s5: "R10", s7: "R11"}

// prepare turns the stride in words that s1 holds into the multiples that n rows need.
func (r rows) prepare(f *asm.File, n int) {
	f.I("SHLQ $2, %s", r.s1)
	f.I("LEAQ (%s)(%s*2), %s", r.s1, r.s1, r.s3)
	if n > 4 {
		f.I("LEAQ (%s)(%s*4), %s", r.s1, r.s1, r.s5)
		f.I("LEAQ (%s)(%s*4), %s", r.s3, r.s1, r.s7)
	}
}

// at gives the operands of the byte at that offset in each row.
func (r rows) at(offset int) func(i int) string {
	index := [...]string{"", r.s1 + "*1", r.s1 + "*2", r.s3 + "*1", r.s1 + "*4", r.s5 + "*1", r.s3 + "*2", r.s7 + "*1"}
	return func(i int) string {
		if i == 0 {
			return fmt.Sprintf("%d(%s)", offset, r.base)
		}
		return fmt.Sprintf("%d(%s)(%s)", offset, r.base, index[i])
	}
}

// packed gives the operands of rows of that size that lie one after the other.
func packed(base string, size int) func(i int) string {
	return func(i int) string { return fmt.Sprintf("%d(%s)", i*size, base) }
}
