package main

import (
	"fmt"

	"rpp-node/prover/internal/asm"
	"rpp-node/prover/poseidon2/internal/plan"
)

// The AVX2 kernel permutes eight states, then the other eight, in words below p. Sixteen
// registers do not hold a state: it stays in memory, and between full rounds it is as it
// is before the sums over the blocks are added, which are in registers.
type narrow struct {
	*asm.Arith
	*plan.Plan
}

// General registers of the AVX2 kernel; table points to round constants, as they are
// needed.
const (
	narrowWords = "DI"
	narrowTable = "BX"
	narrowCount = "CX"
	narrowHalf  = "DX"
)

// Registers: four elements, temporary ones, the sums, and the field's constants.
var (
	narrowX    = []string{"Y0", "Y1", "Y2", "Y3"}
	narrowTemp = []string{"Y4", "Y5", "Y6", "Y7", "Y8", "Y9"}
	narrowSums = []string{"Y10", "Y11", "Y12", "Y13"}
)

func primeOf(p *plan.Plan) asm.Prime {
	for _, prime := range asm.Primes {
		if uint64(prime.P) == p.P() {
			return prime
		}
	}
	panic("no such prime")
}

// permuteNarrow writes
//
//	func permute…(words, constants *uint32)
func permuteNarrow(f *asm.File, name plan.Name) {
	p := plan.Instances[name]
	f.Text("permute"+string(name), 0, 16)
	f.I("MOVQ words+0(FP), %s", narrowWords)
	f.I("MOVL $2, %s", narrowHalf)
	n := &narrow{asm.NewArith(f, primeOf(p), "Y15", "Y14"), p}
	f.Label("half")
	f.I("MOVQ constants+8(FP), %s", narrowTable)
	for i := 0; i < n.Width; i += 4 {
		n.load(i)
		n.block(i)
	}
	n.fullRounds("first")
	for i := 0; i < n.Width; i += 4 {
		n.load(i)
		for j, x := range narrowX {
			n.Add(x, narrowSums[j], x, narrowTemp[0])
			f.I("VMOVDQU %s, %s", x, n.at(i+j))
		}
	}
	f.I("MOVL $%d, %s", n.Rounds, narrowCount)
	f.Label("partial")
	n.partialRound()
	f.I("DECL %s", narrowCount)
	f.I("JNZ %s", f.L("partial"))
	for _, s := range narrowSums {
		f.I("VPXOR %s, %s, %s", s, s, s)
	}
	n.fullRounds("last")
	for i := range n.Width {
		x := narrowX[i%4]
		f.I("VMOVDQU %s, %s", n.at(i), x)
		n.Add(x, narrowSums[i%4], x, narrowTemp[i%4])
		f.I("VMOVDQU %s, %s", x, n.at(i))
	}
	f.I("ADDQ $%d, %s", f.Bytes(), narrowWords)
	f.I("DECL %s", narrowHalf)
	f.I("JNZ %s", f.L("half"))
	f.Return()
}

func (n *narrow) at(i int) string { return fmt.Sprintf("%d(%s)", 4*plan.Lanes*i, narrowWords) }

// sum is where a round finds the sums, while those of the next one are in the making.
func (n *narrow) sum(j int) string {
	return fmt.Sprintf("%d(%s)", plan.WordsBytes+n.Bytes()*j, narrowWords)
}

func (n *narrow) load(i int) {
	for j, x := range narrowX {
		n.I("VMOVDQU %s, %s", n.at(i+j), x)
	}
}

func (n *narrow) fullRounds(label string) {
	n.I("MOVL $%d, %s", plan.HalfRounds, narrowCount)
	n.Label(label)
	for j, s := range narrowSums {
		n.I("VMOVDQU %s, %s", s, n.sum(j))
	}
	for i := 0; i < n.Width; i += 4 {
		n.load(i)
		for j, x := range narrowX {
			t := narrowTemp
			n.I("VMOVDQU %s, %s", n.sum(j), t[0])
			n.Add(x, t[0], x, t[1])
			n.I("VPBROADCASTD %d(%s), %s", 4*(i+j), narrowTable, t[2])
			n.Add(x, t[2], x, t[3])
			n.sbox(x)
		}
		n.block(i)
	}
	n.I("ADDQ $%d, %s", 4*n.Width, narrowTable)
	n.I("DECL %s", narrowCount)
	n.I("JNZ %s", n.L(label))
}

func (n *narrow) sbox(x string) {
	t := [4]string(narrowTemp)
	y, z := narrowTemp[4], narrowTemp[5]
	n.Mul(x, x, y, t) // x²
	if n.Degree == 7 {
		n.Mul(x, y, x, t) // x³
		n.Mul(y, y, z, t) // x⁴
		n.Mul(x, z, x, t)
	} else {
		n.Mul(x, y, x, t)
	}
}

// block multiplies elements i to i+3, in registers, by M4, stores them and adds them to
// the sums.
func (n *narrow) block(i int) {
	x0, x1, x2, x3 := narrowX[0], narrowX[1], narrowX[2], narrowX[3]
	t01, t23, t0, t2, t := narrowTemp[0], narrowTemp[1], narrowTemp[2], narrowTemp[3], narrowTemp[4]
	n.Add(x0, x1, t01, t)
	n.Add(x2, x3, t23, t)
	n.Add(t01, t23, t0, t)
	n.Add(t0, x3, t2, t)
	n.Add(t0, x1, t0, t)
	n.Add(x0, x0, x0, t)
	n.Add(x2, x2, x2, t)
	n.Add(t2, x0, x3, t)
	n.Add(t0, x2, x1, t)
	n.Add(t0, t01, x0, t)
	n.Add(t2, t23, x2, t)
	for j, x := range narrowX {
		n.I("VMOVDQU %s, %s", x, n.at(i+j))
		if i == 0 {
			n.I("VMOVDQA %s, %s", x, narrowSums[j])
		} else {
			n.Add(x, narrowSums[j], narrowSums[j], t)
		}
	}
}

// partialRound adds up all elements but the first while the S-box is at work, then
// multiplies each by its constant and adds the sum.
func (n *narrow) partialRound() {
	x, sum, all := "Y0", "Y10", "Y11"
	t := narrowTemp
	n.I("VMOVDQU %s, %s", n.at(0), x)
	n.I("VPBROADCASTD (%s), %s", narrowTable, t[0])
	n.I("ADDQ $4, %s", narrowTable)
	n.Add(x, t[0], x, t[1])
	n.sbox(x)
	n.I("VMOVDQU %s, %s", n.at(1), sum)
	for i := 2; i < n.Width; i++ {
		n.I("VMOVDQU %s, Y12", n.at(i))
		n.Add(sum, "Y12", sum, "Y13")
	}
	n.Add(sum, x, all, "Y13")
	n.Sub(sum, x, x, "Y13") // the constant is -2
	n.I("VMOVDQU %s, %s", x, n.at(0))
	for i := 1; i < n.Width; i++ {
		y, t0, t1, t2 := narrowX[i%4], narrowTemp[i%2*3], narrowTemp[i%2*3+1], narrowTemp[i%2*3+2]
		n.I("VMOVDQU %s, %s", n.at(i), y)
		d := n.Diagonal[i]
		n.scale(y, d, t0, t1, t2)
		if d.Num < 0 {
			n.Sub(all, y, y, t0)
		} else {
			n.Add(all, y, y, t0)
		}
		n.I("VMOVDQU %s, %s", y, n.at(i))
	}
}

// scale multiplies y by the size of d: p = 1 mod 2^k, so that x/2^k is the upper part of x
// less Odd·2^(Adicity-k) times the lower part.
func (n *narrow) scale(y string, d plan.Ratio, t0, t1, t2 string) {
	if d.Shift > 0 {
		n.word(1<<d.Shift-1, t0)
		n.I("VPAND %s, %s, %s", t0, y, t1)
		n.word(uint32(n.Odd)<<(n.Plan.Adicity-d.Shift), t2)
		n.I("VPMULLD %s, %s, %s", t2, t1, t1)
		n.I("VPSRLD $%d, %s, %s", d.Shift, y, y)
		n.I("VPSUBD %s, %s, %s", t1, y, y)
		n.Canonical(y, y, t0)
		return
	}
	switch size := max(d.Num, -d.Num); size {
	case 1:
	case 2:
		n.Add(y, y, y, t0)
	case 3:
		n.Add(y, y, t1, t0)
		n.Add(y, t1, y, t0)
	case 4:
		n.Add(y, y, y, t0)
		n.Add(y, y, y, t0)
	default:
		panic(fmt.Sprintf("no way to multiply by %d", size))
	}
}

// word broadcasts a 32-bit constant.
func (n *narrow) word(v uint32, d string) {
	n.I("MOVL $%#x, AX", v)
	n.I("VMOVD AX, X%s", d[1:])
	n.I("VPBROADCASTD X%s, %s", d[1:], d)
}
