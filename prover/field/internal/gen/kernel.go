package main

import (
	"fmt"

	"rpp-node/prover/internal/asm"
)

// kernel emits the kernels of one file.
type kernel struct {
	*asm.Arith
	window string // the symbol of AVX2's masks
}

// wide reports whether the file is for AVX-512.
func (k *kernel) wide() bool { return k.ISA == asm.AVX512 }

// windowOnes is the number of words of all ones with which AVX2's window begins; as many
// zeros follow. A vector loaded n words before the first zero is a mask for n lanes.
const windowOnes = 32

func (k *kernel) masks() {
	if !k.wide() {
		words := make([]uint32, 2*windowOnes)
		for i := range windowOnes {
			words[i] = 0xffffffff
		}
		k.window = k.Words("window", words...)
	}
}

// begin starts a function and loads p and p^-1 from its arguments into two registers.
func (k *kernel) begin(name string, args int, p, mu string, pArg, muArg int) {
	k.Text(name, 0, args)
	k.P, k.MU = p, mu
	k.argument(fmt.Sprintf("p+%d(FP)", pArg), p)
	k.argument(fmt.Sprintf("mu+%d(FP)", muArg), mu)
	k.evenMask()
}

// evenMask sets the mask that asm.Arith expects in K1.
func (k *kernel) evenMask() {
	if k.wide() {
		k.I("MOVL $0x5555, AX")
		k.I("KMOVW AX, K1")
	}
}

// argument emits a load of a 32-bit argument to all lanes. go vet, which compares
// arguments' sizes with instructions', does not know those that would do it at once.
func (k *kernel) argument(arg, to string) {
	k.I("MOVL %s, AX", arg)
	k.I("VMOVD AX, X%s", to[1:])
	k.I("VPBROADCASTD X%s, %s", to[1:], to)
}

// argument64 does the same with 64 bits.
func (k *kernel) argument64(arg, to string) {
	k.I("MOVQ %s, AX", arg)
	k.I("VMOVQ AX, X%s", to[1:])
	k.I("VPBROADCASTQ X%s, %s", to[1:], to)
}

// broadcast emits a load of one 32-bit word to all lanes.
func (k *kernel) broadcast(from, to string) { k.I("VPBROADCASTD %s, %s", from, to) }

// tailMask turns the count in CX, 0 to Lanes, into the mask of as many first lanes: K2
// on AVX-512, the given register on AVX2. It overwrites AX.
func (k *kernel) tailMask(reg string) {
	if k.wide() {
		k.I("MOVL $1, AX")
		k.I("SHLL CX, AX")
		k.I("DECL AX")
		k.I("KMOVW AX, K2")
		return
	}
	k.I("LEAQ %s+%d(SB), AX", k.window, 4*windowOnes)
	k.I("SHLQ $2, CX")
	k.I("SUBQ CX, AX")
	k.I("VMOVDQU (AX), %s", reg)
}

// load emits a load of a vector.
func (k *kernel) load(addr, to string) {
	if k.wide() {
		k.I("VMOVDQU32 %s, %s", addr, to)
	} else {
		k.I("VMOVDQU %s, %s", addr, to)
	}
}

// loadMasked emits a load of the lanes of the tail mask, the others being zero.
func (k *kernel) loadMasked(addr, mask, to string) {
	if k.wide() {
		k.I("VMOVDQU32.Z %s, K2, %s", addr, to)
	} else {
		k.I("VPMASKMOVD %s, %s, %s", addr, mask, to)
	}
}

// store emits a store of a vector.
func (k *kernel) store(from, addr string) {
	if k.wide() {
		k.I("VMOVDQU32 %s, %s", from, addr)
	} else {
		k.I("VMOVDQU %s, %s", from, addr)
	}
}

// storeMasked emits a store of the lanes of the tail mask.
func (k *kernel) storeMasked(from, mask, addr string) {
	if k.wide() {
		k.I("VMOVDQU32 %s, K2, %s", from, addr)
	} else {
		k.I("VPMASKMOVD %s, %s, %s", from, mask, addr)
	}
}

// below emits d = x mod m for 64-bit lanes x below 2m, where m = p·2^32; d may be x.
func (k *kernel) below(x, m, d, t string) {
	k.I("VPSUBQ %s, %s, %s", m, x, t)
	if k.wide() {
		k.I("VPMINUQ %s, %s, %s", x, t, d)
	} else {
		k.I("VBLENDVPD %s, %s, %s, %s", t, x, t, d) // x-m is negative where x < m
	}
}

// lift emits d = x mod m for signed 64-bit lanes x in (-m, m); d may be x.
func (k *kernel) lift(x, m, d, t string) {
	k.I("VPADDQ %s, %s, %s", m, x, t)
	if k.wide() {
		k.I("VPMINUQ %s, %s, %s", x, t, d)
	} else {
		k.I("VBLENDVPD %s, %s, %s, %s", x, t, x, d)
	}
}

// at is the memory operand offset(reg).
func at(reg string, offset int) string { return fmt.Sprintf("%d(%s)", offset, reg) }
