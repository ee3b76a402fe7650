package main

import (
	"fmt"

	"rpp-node/prover/internal/asm"
	"rpp-node/prover/keccak"
)

// narrow emits AVX2 kernels for four states in memory, lane after lane. Registers: R12
// addresses the state and R13 room for another, between which the rounds go back and
// forth; Y0 … Y4 hold the columns' sums from one round to the next.
type narrow struct {
	*asm.File
	rc, bytes8, bytes56 string
	c, d, b             []string
	t                   string
}

const (
	laneBytes  = 32
	stateBytes = 25 * laneBytes
)

func avx2() *asm.File {
	f := asm.NewFile(asm.AVX2)
	n := &narrow{File: f, c: f.Vs(0, 5), d: f.Vs(5, 10), b: f.Vs(10, 15), t: f.V(15)}
	var rc []uint64
	for _, c := range keccak.RC {
		rc = append(rc, c, c, c, c)
	}
	n.rc = f.Words64("rc", rc...)
	n.bytes8 = f.Words64("bytes8", 0x0605040302010007, 0x0e0d0c0b0a09080f, 0x0605040302010007, 0x0e0d0c0b0a09080f)
	n.bytes56 = f.Words64("bytes56", 0x0007060504030201, 0x080f0e0d0c0b0a09, 0x0007060504030201, 0x080f0e0d0c0b0a09)
	n.permutation()
	n.permute()
	n.absorb()
	n.squeeze()
	n.compress()
	return f
}

// lane is the operand of lane i of the state that base addresses.
func lane(base string, i int) string { return fmt.Sprintf("%d(%s)", laneBytes*i, base) }

// permutation emits the subroutine permute. It overwrites AX and CX.
func (n *narrow) permutation() {
	n.Sub("permute")
	for x, c := range n.c {
		n.I("VMOVDQU %s, %s", lane("R12", x), c)
		for y := 1; y < 5; y++ {
			n.I("VPXOR %s, %s, %s", lane("R12", index(x, y)), c, c)
		}
	}
	n.I("LEAQ %s+0(SB), AX", n.rc)
	n.I("MOVQ $%d, CX", keccak.Rounds/2)
	n.Label("rounds")
	n.round("R12", "R13", 0)
	n.round("R13", "R12", laneBytes)
	n.I("ADDQ $%d, AX", 2*laneBytes)
	n.I("DECQ CX")
	n.I("JNZ %s", n.L("rounds"))
	n.I("RET")
}

// round emits a round from one state to another, with the constant at that offset.
func (n *narrow) round(from, to string, constant int) {
	for x, d := range n.d {
		c := n.c[(x+1)%5]
		n.I("VPADDQ %s, %s, %s", c, c, d)
		n.I("VPSRLQ $63, %s, %s", c, n.t)
		n.I("VPOR %s, %s, %s", n.t, d, d)
		n.I("VPXOR %s, %s, %s", n.c[(x+4)%5], d, d)
	}
	for y := range 5 {
		for x, b := range n.b {
			fromX, fromY := pi(x, y)
			n.I("VPXOR %s, %s, %s", lane(from, index(fromX, fromY)), n.d[fromX], b)
			n.rotate(keccak.Rotation[fromX][fromY], b)
		}
		for x := range n.b {
			n.I("VPANDN %s, %s, %s", n.b[(x+2)%5], n.b[(x+1)%5], n.t)
			n.I("VPXOR %s, %s, %s", n.b[x], n.t, n.t)
			if x == 0 && y == 0 {
				n.I("VPXOR %d(AX), %s, %s", constant, n.t, n.t)
			}
			n.I("VMOVDQU %s, %s", n.t, lane(to, index(x, y)))
			if y == 0 {
				n.I("VMOVDQA %s, %s", n.t, n.c[x])
			} else {
				n.I("VPXOR %s, %s, %s", n.t, n.c[x], n.c[x])
			}
		}
	}
}

func (n *narrow) rotate(k int, b string) {
	switch k {
	case 0:
	case 8:
		n.I("VPSHUFB %s+0(SB), %s, %s", n.bytes8, b, b)
	case 56:
		n.I("VPSHUFB %s+0(SB), %s, %s", n.bytes56, b, b)
	default:
		n.I("VPSLLQ $%d, %s, %s", k, b, n.t)
		n.I("VPSRLQ $%d, %s, %s", 64-k, b, b)
		n.I("VPOR %s, %s, %s", n.t, b, b)
	}
}

// room emits R12 and R13 from the address of two states.
func (n *narrow) room(arg string) {
	n.I("MOVQ %s, R12", arg)
	n.I("LEAQ %d(R12), R13", stateBytes)
}

// permute emits func(state *uint64): four states.
func (n *narrow) permute() {
	n.Text("permute", 0, 8)
	n.room("state+0(FP)")
	n.Call("permute")
	n.Return()
}
