// Command gen writes the kernels of package ntt. Run it by "go generate" there.
package main

import (
	"fmt"
	"strings"

	"rpp-node/prover/internal/asm"
)

func main() {
	for _, isa := range []asm.ISA{asm.AVX2, asm.AVX512} {
		f := asm.NewFile(isa)
		kernel{name: "copy", read: true}.emit(f, 0)
		for r := 1; r <= maxRadix(isa); r++ {
			for _, k := range kernels {
				k.emit(f, r)
			}
		}
		f.Write("kernels_" + strings.ToLower(isa.Suffix()) + "_amd64.s")
	}
}

// maxRadix is the largest log2 of a radix whose butterfly fits the registers: 16 values
// of 32 registers, 8 of 16.
func maxRadix(isa asm.ISA) int { return [...]int{3, 4}[isa] }

// A kernel is one kind of pass; there is one for each radix.
type kernel struct {
	name      string
	inverse   bool // butterflies of the inverse transform
	canonical bool // inputs are below p, not only below 2p
	last      bool // outputs are to be below p
	scaled    bool // outputs are scaled, by the second half of the table (see lastNodes)
	gathered  bool // inputs are in bit-reversed order; places says which block's they are
	read      bool // inputs are prefetched
	write     bool // outputs are prefetched
	stream    bool // outputs fill cache lines, and go past the caches
}

var kernels = []kernel{
	{name: "forward"},
	{name: "forwardLast", last: true, write: true},
	{name: "forwardStream", last: true, stream: true},
	{name: "inverse", inverse: true},
	{name: "inverseGather", inverse: true, canonical: true, gathered: true, read: true},
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
	offPlaces   = 152
)

// Locals on the stack, in bytes where pass counts elements.
const (
	locBlocks   = 0  // left to do
	locSrcSkip  = 8  // from the end of a block's run to the next block
	locDstSkip  = 16 // the same
	locRun      = 24
	locNodeStep = 32
	locAhead    = 40
	locPlaces   = 48 // address of the next place
	locDst      = 56 // block 0
	locDstStep  = 64
	locNode     = 72 // of the block at place 0
	frame       = 80
)

// The general registers: SI and DI walk through source and destination, BX is the table,
// DX the block's node in bytes, CX counts a run down, AX is scratch, and these are 1, 3, 5
// and 7 times the gaps.
var (
	srcGaps = [4]string{"R8", "R9", "R10", "R11"}
	dstGaps = [4]string{"R12", "R13", "R14", "R15"}
)

// emit writes the kernel of radix 2^r.
func (k kernel) emit(f *asm.File, r int) {
	b := newButterfly(f, k, r)
	f.Text(fmt.Sprintf("%s%d", k.name, 1<<r), frame, 8)
	b.prologue()
	f.Label("block")
	if k.read {
		b.prefetch("SI", srcGaps)
	}
	if k.gathered {
		b.place()
	}
	if k.write {
		b.prefetch("DI", dstGaps)
	}
	f.I("MOVQ %d(SP), CX", locRun)
	f.Label("vector")
	b.load()
	b.layers()
	b.store()
	f.I("ADDQ $%d, SI", f.Bytes())
	f.I("ADDQ $%d, DI", f.Bytes())
	f.I("SUBQ $%d, CX", f.Bytes())
	f.I("JNZ %s", f.L("vector"))
	f.I("ADDQ %d(SP), SI", locSrcSkip)
	if !k.gathered {
		f.I("ADDQ %d(SP), DI", locDstSkip)
		f.I("ADDQ %d(SP), DX", locNodeStep)
	}
	f.I("DECQ %d(SP)", locBlocks)
	f.I("JNZ %s", f.L("block"))
	if k.stream {
		f.I("SFENCE")
	}
	f.Return()
}

// prologue fills registers and locals from the pass.
func (b *butterfly) prologue() {
	b.I("MOVQ p+0(FP), AX")
	b.I("VPBROADCASTD %d(AX), %s", offPrime, b.p)
	if b.ISA == asm.AVX512 {
		b.I("MOVL $0x5555, CX")
		b.I("KMOVW CX, K1")
	}
	b.I("MOVQ %d(AX), SI", offSrc)
	b.I("MOVQ %d(AX), DI", offDst)
	b.I("MOVQ %d(AX), BX", offTable)
	b.I("MOVQ %d(AX), DX", offNode)
	b.I("SHLQ $3, DX")
	b.gaps(srcGaps, offSrcGap)
	b.gaps(dstGaps, offDstGap)
	local := func(off, less, shift, loc int) {
		b.I("MOVQ %d(AX), CX", off)
		if less > 0 {
			b.I("SUBQ %d(AX), CX", less)
		}
		b.I("SHLQ $%d, CX", shift)
		b.I("MOVQ CX, %d(SP)", loc)
	}
	local(offBlocks, 0, 0, locBlocks)
	local(offRun, 0, 2, locRun)
	local(offSrcStep, offRun, 2, locSrcSkip)
	local(offDstStep, offRun, 2, locDstSkip)
	local(offNodeStep, 0, 3, locNodeStep)
	local(offAhead, 0, 2, locAhead)
	if b.gathered {
		local(offDstStep, 0, 2, locDstStep)
		b.I("MOVQ DI, %d(SP)", locDst)
		b.I("MOVQ DX, %d(SP)", locNode)
		b.I("LEAQ %d(AX), CX", offPlaces)
		b.I("MOVQ CX, %d(SP)", locPlaces)
	}
}

// gaps loads as many multiples of the distance between a butterfly's elements as its
// addresses need.
func (b *butterfly) gaps(g [4]string, off int) {
	b.I("MOVQ %d(AX), %s", off, g[0])
	b.I("SHLQ $2, %s", g[0])
	if b.r >= 2 {
		b.I("LEAQ (%s)(%s*2), %s", g[0], g[0], g[1])
	}
	if b.r >= 3 {
		b.I("LEAQ (%s)(%s*4), %s", g[0], g[0], g[2])
		b.I("LEAQ (%s)(%s*4), %s", g[1], g[0], g[3])
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

// place finds the block that the next inputs belong to.
func (b *butterfly) place() {
	b.I("MOVQ %d(SP), AX", locPlaces)
	b.I("ADDQ $8, %d(SP)", locPlaces)
	b.I("MOVQ (AX), AX")
	b.I("MOVQ %d(SP), DX", locNode)
	b.I("LEAQ (DX)(AX*8), DX")
	b.I("IMULQ %d(SP), AX", locDstStep)
	b.I("MOVQ %d(SP), DI", locDst)
	b.I("ADDQ AX, DI")
}

// prefetch fetches the elements of a block ahead. Addresses beyond the matrix do no harm.
func (b *butterfly) prefetch(at string, g [4]string) {
	for from := 0; from < 1<<b.r; from += 8 {
		b.I("MOVQ %d(SP), AX", locAhead)
		b.I("ADDQ %s, AX", at)
		if from > 0 {
			b.I("LEAQ (AX)(%s*8), AX", g[0])
		}
		b.I("MOVQ %d(SP), CX", locRun)
		label := fmt.Sprintf("prefetch%d", from)
		b.Label(label)
		for i := range min(8, 1<<b.r) {
			b.I("PREFETCHT0 %s", element("AX", g, i))
		}
		b.I("ADDQ $64, AX")
		b.I("SUBQ $64, CX")
		b.I("JNZ %s", b.L(label))
	}
}
