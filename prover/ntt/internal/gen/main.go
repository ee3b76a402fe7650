// Command gen writes the kernels of package ntt. Run it by "go generate" there.
package main

import (
	"fmt"
	"strings"

	"rpp-node/prover/internal/asm"
)

// maxRadix is the largest log2 of a radix whose butterfly fits the registers: 16 values
// of 32 registers, 8 of 16.
func maxRadix(isa asm.ISA) int { return [...]int{3, 4}[isa] }

func main() {
	for _, isa := range []asm.ISA{asm.AVX2, asm.AVX512} {
		f := asm.NewFile(isa)
		for r := 1; r <= maxRadix(isa); r++ {
			for _, k := range kernels {
				k.write(f, r)
			}
		}
		f.Write("kernels_" + strings.ToLower(isa.Suffix()) + "_amd64.s")
	}
}

// A kernel is one kind of pass; there is one for each radix.
type kernel struct {
	name      string
	inverse   bool // butterflies of the inverse transform
	canonical bool // inputs are below p, not only below 2p
	last      bool // outputs are to be below p
	scaled    bool // outputs are scaled, by the second table (see pass.table)
	gathered  bool // inputs' addresses are listed, and are those of bit-reversed order
}

var kernels = []kernel{
	{name: "forward"},
	{name: "forwardLast", last: true},
	{name: "inverse", inverse: true},
	{name: "inverseGather", inverse: true, gathered: true, canonical: true},
	{name: "inverseLast", inverse: true, last: true, scaled: true},
}

// Offsets in the struct pass.
const (
	offSrc      = 0
	offDst      = 24
	offSrcGap   = 48
	offDstGap   = 56
	offSrcStep  = 64
	offDstStep  = 72
	offRun      = 80
	offBlocks   = 88
	offTable    = 96
	offNode     = 120
	offNodeStep = 128
	offAhead    = 136
	offPrime    = 144
	offStarts   = 152
)

// Locals on the stack.
const (
	locBlocks  = 0
	locSrcSkip = 8 // from the end of a block's run to the next block
	locDstSkip = 16
	locRun     = 24
	locNode    = 32 // bytes between the twiddles of consecutive blocks
	locStarts  = 40 // of the next block
	locAhead   = 48
	locSrc     = 56
	frame      = 64
)

// The general registers: SI and DI walk through source and destination, BX is the
// table, DX the block's node in bytes, CX counts vectors, AX is scratch.
var (
	srcGaps = [4]string{"R8", "R9", "R10", "R11"} // 1, 3, 5 and 7 gaps
	dstGaps = [4]string{"R12", "R13", "R14", "R15"}
)

func (k kernel) write(f *asm.File, r int) {
	b := newButterfly(f, k, r)
	f.Text(fmt.Sprintf("%s%d", k.name, 1<<r), frame, 8)
	f.I("MOVQ p+0(FP), AX")
	if f.ISA == asm.AVX512 {
		f.I("VPBROADCASTD %d(AX), %s", offPrime, b.p)
		f.I("MOVL $0x5555, CX")
		f.I("KMOVW CX, K1")
	} else {
		f.I("VPBROADCASTD %d(AX), %s", offPrime, b.p)
	}
	f.I("MOVQ %d(AX), SI", offSrc)
	f.I("MOVQ %d(AX), DI", offDst)
	f.I("MOVQ %d(AX), BX", offTable)
	f.I("MOVQ %d(AX), DX", offNode)
	f.I("SHLQ $3, DX")
	for _, l := range []struct{ from, to, shift int }{
		{offRun, locRun, 2}, {offBlocks, locBlocks, 0}, {offNodeStep, locNode, 3}, {offAhead, locAhead, 3},
	} {
		f.I("MOVQ %d(AX), CX", l.from)
		if l.shift > 0 {
			f.I("SHLQ $%d, CX", l.shift)
		}
		f.I("MOVQ CX, %d(SP)", l.to)
	}
	for _, l := range []struct{ from, to int }{{offSrcStep, locSrcSkip}, {offDstStep, locDstSkip}} {
		f.I("MOVQ %d(AX), CX", l.from)
		f.I("SUBQ %d(AX), CX", offRun)
		f.I("SHLQ $2, CX")
		f.I("MOVQ CX, %d(SP)", l.to)
	}
	if k.gathered {
		f.I("LEAQ %d(AX), CX", offStarts)
		f.I("MOVQ CX, %d(SP)", locStarts)
		f.I("MOVQ SI, %d(SP)", locSrc)
	}
	gaps(f, srcGaps, offSrcGap, r)
	gaps(f, dstGaps, offDstGap, r)

	f.Label("block")
	if k.gathered {
		b.prefetchGather()
		f.I("MOVQ %d(SP), AX", locStarts)
		f.I("MOVQ (AX), SI")
		f.I("SHLQ $2, SI")
		f.I("ADDQ %d(SP), SI", locSrc)
		f.I("ADDQ $8, AX")
		f.I("MOVQ AX, %d(SP)", locStarts)
	}
	f.I("MOVQ %d(SP), CX", locRun)
	f.Label("vector")
	b.move("load", "SI", srcGaps, k.gathered)
	b.layers()
	b.move("store", "DI", dstGaps, false)
	f.I("ADDQ $%d, SI", f.Bytes())
	f.I("ADDQ $%d, DI", f.Bytes())
	f.I("SUBQ $%d, CX", f.Bytes())
	f.I("JNZ %s", f.L("vector"))
	if !k.gathered {
		f.I("ADDQ %d(SP), SI", locSrcSkip)
	}
	f.I("ADDQ %d(SP), DI", locDstSkip)
	f.I("ADDQ %d(SP), DX", locNode)
	f.I("DECQ %d(SP)", locBlocks)
	f.I("JNZ %s", f.L("block"))
	f.Return()
}

// gaps loads 1, 3, 5 and 7 times the distance between a butterfly's elements, as many as
// a radix 2^r needs.
func gaps(f *asm.File, g [4]string, off, r int) {
	f.I("MOVQ %d(AX), %s", off, g[0])
	f.I("SHLQ $2, %s", g[0])
	if r >= 2 {
		f.I("LEAQ (%s)(%s*2), %s", g[0], g[0], g[1])
	}
	if r >= 3 {
		f.I("LEAQ (%s)(%s*4), %s", g[0], g[0], g[2])
		f.I("LEAQ (%s)(%s*4), %s", g[1], g[0], g[3])
	}
}

// element addresses element i mod 8 of a butterfly from a base.
func element(base string, g [4]string, i int) string {
	index := [8]string{"", g[0] + "*1", g[0] + "*2", g[1] + "*1", g[0] + "*4", g[2] + "*1", g[1] + "*2", g[3] + "*1"}[i%8]
	if index == "" {
		return "(" + base + ")"
	}
	return "(" + base + ")(" + index + ")"
}
