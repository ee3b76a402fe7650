package main

import (
	"fmt"

	"rpp-node/prover/air/packet/internal/op"
	"rpp-node/prover/internal/asm"
)

// prefetchBytes is how far ahead of a load its rows are asked for: two groups. Further
// ahead, what all rows of a packet ask for crowds registers out of the first-level cache.
const prefetchBytes = 128

// load emits the handler that turns 16 columns of a packet's rows into registers. R9 has
// the source in its lower half, times 8, and the number of columns that exist in its
// upper; R10 is the offset of the first in a row. The accumulator survives.
func (g *gen) load() {
	g.I("MOVL %d(SI), AX", instrBytes)
	g.I("MOVL 4(SI), R8")
	g.I("MOVWLZX 8(SI), R9")
	g.I("MOVWLZX 10(SI), CX")
	g.I("MOVL 12(SI), R10")
	g.I("ADDQ $%d, SI", instrBytes)
	g.I("MOVQ (DX)(R9*1), R12")
	g.I("ADDQ DI, R8")
	g.columnMask()
	g.I("MOVL $%d, CX", vectors)
	g.Label("rows")
	g.transpose()
	g.I("ADDQ $%d, R12", sliceBytes*g.Lanes())
	g.I("ADDQ $%d, R8", g.Bytes())
	g.I("DECL CX")
	g.I("JNE %s", g.L("rows"))
}

// sliceBytes is the size of a slice's header, which begins with its address.
const sliceBytes = 24

// columnMask makes the mask of the first CX columns: K2, or sixteen words at R9.
func (g *gen) columnMask() {
	if g.ISA == asm.AVX512 {
		g.I("MOVL $-1, R11")
		g.I("SHLL CX, R11")
		g.I("NOTL R11")
		g.I("KMOVW R11, K2")
		return
	}
	var words [2 * op.Group]uint32
	for i := range op.Group {
		words[i] = 1<<32 - 1
	}
	g.I("LEAQ %s+%d(SB), R9", g.Words("columns", words[:]...), 4*op.Group)
	g.I("SHLL $2, CX")
	g.I("SUBQ CX, R9")
}

// transpose emits the transposition of one vector of rows.
func (g *gen) transpose() {
	n := g.Lanes()
	if g.ISA == asm.AVX512 {
		s := &square{g, g.Vs(2, 2+n), g.V(2 + n)}
		for i, r := range s.rows {
			g.I("MOVQ %d(R12), R11", sliceBytes*i)
			g.I("VMOVDQU32.Z (R11)(R10*1), K2, %s", r)
			g.I("PREFETCHT0 %d(R11)(R10*1)", prefetchBytes)
		}
		s.quads()
		for c := range 4 {
			s.pair(c, 4+c, "VSHUFI32X4 $0x44,", "VSHUFI32X4 $0xee,")
			s.pair(8+c, 12+c, "VSHUFI32X4 $0x44,", "VSHUFI32X4 $0xee,")
			s.pair(c, 8+c, "VSHUFI32X4 $0x88,", "VSHUFI32X4 $0xdd,")
			s.pair(4+c, 12+c, "VSHUFI32X4 $0x88,", "VSHUFI32X4 $0xdd,")
			for q, i := range []int{c, 8 + c, 4 + c, 12 + c} {
				g.move(s.rows[i], fmt.Sprintf("%d(R8)", (4*q+c)*g.slot()))
			}
		}
		return
	}
	for half := range op.Group / n {
		s := &square{g, g.Vs(4, 4+n), g.V(3)}
		g.I("VMOVDQU %d(R9), %s", half*g.Bytes(), g.V(2))
		for i, r := range s.rows {
			g.I("MOVQ %d(R12), R11", sliceBytes*i)
			g.I("VPMASKMOVD %d(R11)(R10*1), %s, %s", half*g.Bytes(), g.V(2), r)
			if half == 0 {
				g.I("PREFETCHT0 %d(R11)(R10*1)", prefetchBytes)
			}
		}
		s.quads()
		for c := range 4 {
			s.pair(c, 4+c, "VPERM2I128 $0x20,", "VPERM2I128 $0x31,")
			for q, i := range []int{c, 4 + c} {
				g.move(s.rows[i], fmt.Sprintf("%d(R8)", (n*half+4*q+c)*g.slot()))
			}
		}
	}
}

// square is a square of words in registers, one row in each, with a spare register.
type square struct {
	*gen
	rows  []string
	spare string
}

// pair replaces rows i and j by two shuffles of them.
func (s *square) pair(i, j int, low, high string) {
	a, b := s.rows[i], s.rows[j]
	s.I("%s %s, %s, %s", low, b, a, s.spare)
	s.I("%s %s, %s, %s", high, b, a, b)
	s.rows[i], s.spare = s.spare, a
}

// quads transposes every square of 4 × 4: then row 4g+c holds, in its quarter q, column
// 4q+c of rows 4g, …, 4g+3.
func (s *square) quads() {
	for g := 0; g < len(s.rows); g += 4 {
		s.pair(g, g+1, "VPUNPCKLDQ", "VPUNPCKHDQ")
		s.pair(g+2, g+3, "VPUNPCKLDQ", "VPUNPCKHDQ")
		s.pair(g, g+2, "VPUNPCKLQDQ", "VPUNPCKHQDQ")
		s.pair(g+1, g+3, "VPUNPCKLQDQ", "VPUNPCKHQDQ")
		// lo(0,2), hi(0,2), lo(1,3), hi(1,3) are columns 0, 1, 2, 3
		s.rows[g+1], s.rows[g+2] = s.rows[g+2], s.rows[g+1]
	}
}
