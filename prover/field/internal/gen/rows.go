package main

import "fmt"

// blockRows is the number of rows that are multiplied before a sum is brought below
// m = p·2^32. Both factors lie in [-(p-1)/2, (p-1)/2], so that eight products stay
// within ±2p² < ±m < 2^63.
const blockRows = 8

// rows emits the kernels of sums over matrices.
func rows(k *kernel) {
	rowSum(k)
	for _, d := range []int{4, 5} {
		rowDots(k, d)
	}
}

// rowSum adds eight rows, each times its weights, to the accumulators: for each 16
// columns and each of count weight vectors, eight words for the even columns and eight
// for the odd ones.
func rowSum(k *kernel) {
	k.Text("rowSum", 0, 60)
	k.I("MOVQ acc+0(FP), DI")
	k.I("MOVQ rows+8(FP), SI")
	k.I("MOVQ stride+16(FP), R9")
	k.I("MOVQ width+24(FP), CX")
	k.I("LEAQ (R9)(R9*2), R10")
	k.I("LEAQ (SI)(R9*4), R11")
	var row, ahead []string
	for _, base := range []struct {
		reg  string
		list *[]string
	}{{"SI", &row}, {"R11", &row}, {"R12", &ahead}, {"R13", &ahead}} {
		for _, index := range []string{"", "(R9*1)", "(R9*2)", "(R10*1)"} {
			*base.list = append(*base.list, "("+base.reg+")"+index)
		}
	}
	k.I("LEAQ (SI)(R9*8), R12") // the rows of the next call
	k.I("LEAQ (R11)(R9*8), R13")
	if k.wide() {
		rowSumWide(k, row, ahead)
	} else {
		rowSumNarrow(k, row, ahead)
	}
	k.Return()
}

func rowSumWide(k *kernel, row, ahead []string) {
	even, odd := k.Vs(0, 8), k.Vs(8, 16)
	weight, t, m, negh := k.V(16), k.V(17), k.V(18), k.V(19)
	sums := k.Vs(20, 22)
	k.argument64("m+48(FP)", m)
	k.argument("negh+56(FP)", negh)
	k.I("MOVL $0xffff, AX")
	k.I("KMOVW AX, K2")
	k.Label("columns")
	k.I("CMPQ CX, $16")
	k.I("JGE %s", k.L("full"))
	k.tailMask("")
	k.Label("full")
	for r := range blockRows {
		k.I("VPADDD.Z %s, %s, K2, %s", row[r], negh, even[r])
		k.I("PREFETCHT0 %s", ahead[r])
	}
	for r := range blockRows {
		k.OddToEven(even[r], odd[r])
	}
	k.I("MOVQ weights+32(FP), BX")
	k.I("MOVQ count+40(FP), DX")
	k.Label("weights")
	for r := range blockRows {
		k.broadcast(at("BX", 4*r), weight)
		for i, data := range []string{even[r], odd[r]} {
			if r == 0 {
				k.I("VPMULDQ %s, %s, %s", weight, data, sums[i])
				continue
			}
			k.I("VPMULDQ %s, %s, %s", weight, data, t)
			k.I("VPADDQ %s, %s, %s", t, sums[i], sums[i])
		}
	}
	for i, sum := range sums {
		k.accumulate(sum, at("DI", 64*i), m, t)
	}
	k.I("ADDQ $%d, BX", 4*blockRows)
	k.I("ADDQ $128, DI")
	k.I("DECQ DX")
	k.I("JNE %s", k.L("weights"))
	for _, reg := range []string{"SI", "R11", "R12", "R13"} {
		k.I("ADDQ $64, %s", reg)
	}
	k.I("SUBQ $16, CX")
	k.I("JGT %s", k.L("columns"))
}

// rowSumNarrow works on 8 columns at a time, first the even ones, then the odd ones.
func rowSumNarrow(k *kernel, row, ahead []string) {
	data := k.Vs(0, 8)
	weight, t, sum, m, negh, mask := k.V(8), k.V(9), k.V(10), k.V(11), k.V(12), k.V(13)
	k.argument64("m+48(FP)", m)
	k.argument("negh+56(FP)", negh)
	// From the first half of 16 columns to the second and from there to the next 16.
	k.I("MOVQ $32, R8")
	k.I("MOVQ count+40(FP), R14")
	k.I("SHLQ $7, R14")
	k.I("SUBQ $32, R14")
	k.I("VPCMPEQD %s, %s, %s", mask, mask, mask)
	k.Label("columns")
	k.I("CMPQ CX, $8")
	k.I("JGE %s", k.L("full"))
	k.tailMask(mask)
	k.I("SHRQ $2, CX")
	k.Label("full")
	for r := range blockRows {
		k.loadMasked(row[r], mask, data[r])
		k.I("PREFETCHT0 %s", ahead[r])
	}
	for r := range blockRows {
		k.I("VPADDD %s, %s, %s", data[r], negh, data[r])
	}
	for parity, label := range []string{"evens", "odds"} {
		if parity == 1 {
			for r := range blockRows {
				k.OddToEven(data[r], data[r])
			}
		}
		k.I("MOVQ weights+32(FP), BX")
		k.I("MOVQ count+40(FP), DX")
		k.I("MOVQ DI, AX")
		k.Label(label)
		for r := range blockRows {
			k.broadcast(at("BX", 4*r), weight)
			if r == 0 {
				k.I("VPMULDQ %s, %s, %s", weight, data[r], sum)
				continue
			}
			k.I("VPMULDQ %s, %s, %s", weight, data[r], t)
			k.I("VPADDQ %s, %s, %s", t, sum, sum)
		}
		k.accumulate(sum, at("AX", 64*parity), m, t)
		k.I("ADDQ $%d, BX", 4*blockRows)
		k.I("ADDQ $128, AX")
		k.I("DECQ DX")
		k.I("JNE %s", k.L(label))
	}
	k.I("ADDQ R8, DI")
	k.I("XCHGQ R8, R14")
	for _, reg := range []string{"SI", "R11", "R12", "R13"} {
		k.I("ADDQ $32, %s", reg)
	}
	k.I("SUBQ $8, CX")
	k.I("JGT %s", k.L("columns"))
}

// accumulate adds signed sums in (-m, m) to the accumulators below m at addr.
func (k *kernel) accumulate(sum, addr, m, t string) {
	k.lift(sum, m, sum, t)
	k.I("VPADDQ %s, %s, %s", addr, sum, sum)
	k.below(sum, m, sum, t)
	k.store(sum, addr)
}

// rowDots computes, for four rows (two on AVX2), the products with d vectors of powers.
// A group of four vectors gives eight products for each 64-bit lane, which then join the
// accumulators in scratch. Result e of row r is word e·rows + r of out.
func rowDots(k *kernel, d int) {
	rowCount, negh := 2, 15
	if k.wide() {
		rowCount, negh = 4, 26
	}
	k.Text(fmt.Sprintf("rowDots%d", d), 0, 68)
	n := rowCount * d
	sums, data := k.Vs(0, n), k.Vs(n, n+rowCount)
	power, t := k.V(n+rowCount), k.V(n+rowCount+1)
	mask, shift := k.V(negh-1), k.V(negh)
	row := []string{"", "(R9*1)", "(R9*2)", "(R10*1)"}[:rowCount]
	k.I("MOVQ rows+8(FP), SI")
	k.I("MOVQ stride+16(FP), R9")
	k.I("MOVQ width+24(FP), CX")
	k.I("MOVQ powers+32(FP), BX")
	k.I("MOVQ scratch+40(FP), DI")
	k.I("LEAQ (R9)(R9*2), R10")
	k.I("LEAQ (SI)(R9*%d), R11", rowCount) // the rows of the next call
	k.argument("negh+56(FP)", shift)
	k.I("VPXOR %[1]s, %[1]s, %[1]s", "X"+sums[0][1:])
	for i := range n {
		k.store(sums[0], at("DI", i*k.Bytes()))
	}
	k.Label("group")
	k.I("MOVQ CX, DX")
	k.I("MOVQ $%d, AX", 4*k.Lanes())
	k.I("CMPQ DX, AX")
	k.I("CMOVQGT AX, DX")
	k.groupMasks()
	for v := range 4 {
		if v > 0 {
			k.I("CMPQ DX, $%d", v*k.Lanes())
			k.I("JLE %s", k.L("reduce"))
		}
		if !k.wide() {
			k.I("VMOVDQU %d(AX), %s", v*k.Bytes(), mask)
		}
		for r := range rowCount {
			addr := at("SI", v*k.Bytes()) + row[r]
			if v*k.Bytes()%64 == 0 {
				k.I("PREFETCHT0 %s", at("R11", v*k.Bytes())+row[r])
			}
			if k.wide() {
				k.I("VPADDD.Z %s, %s, K%d, %s", addr, shift, 2+v, data[r])
				continue
			}
			k.loadMasked(addr, mask, data[r])
			k.I("VPADDD %s, %s, %s", shift, data[r], data[r])
			k.I("VPAND %s, %s, %s", mask, data[r], data[r])
		}
		for parity := range 2 {
			for e := range d {
				k.load(at("BX", powerOffset(k, d, v, e)+4*parity), power)
				for r := range rowCount {
					sum := sums[e*rowCount+r]
					if v == 0 && parity == 0 {
						k.I("VPMULDQ %s, %s, %s", power, data[r], sum)
						continue
					}
					k.I("VPMULDQ %s, %s, %s", power, data[r], t)
					k.I("VPADDQ %s, %s, %s", t, sum, sum)
				}
			}
			if parity == 0 {
				for r := range rowCount {
					k.OddToEven(data[r], data[r])
				}
			}
		}
	}
	k.Label("reduce")
	m := data[0]
	k.argument64("m+48(FP)", m)
	for i, sum := range sums {
		k.accumulate(sum, at("DI", i*k.Bytes()), m, t)
	}
	k.I("ADDQ $%d, SI", 4*k.Bytes())
	k.I("ADDQ $%d, R11", 4*k.Bytes())
	k.I("ADDQ $%d, BX", powerOffset(k, d, 4, 0))
	k.I("SUBQ $%d, CX", 4*k.Lanes())
	k.I("JGT %s", k.L("group"))
	k.collect(n)
	k.Return()
}

// powerOffset is where vector v of coefficient e lies: the powers are stored in blocks
// of 16, coefficient by coefficient.
func powerOffset(k *kernel, d, v, e int) int {
	column := v * k.Lanes()
	return column/16*d*64 + e*64 + column%16*4
}

// groupMasks turns the count in DX, 0 to 4·Lanes, into the masks of four vectors: K2 to
// K5, or on AVX2 four vectors in memory from AX on.
func (k *kernel) groupMasks() {
	if !k.wide() {
		k.I("LEAQ %s+%d(SB), AX", k.window, 4*windowOnes)
		k.I("MOVQ DX, R8")
		k.I("SHLQ $2, R8")
		k.I("SUBQ R8, AX")
		return
	}
	k.I("MOVQ $-1, AX")
	k.I("BZHIQ DX, AX, AX")
	for v := range 4 {
		k.I("KMOVQ AX, K%d", 2+v)
		if v < 3 {
			k.I("SHRQ $16, AX")
		}
	}
}

// collect adds up the 64-bit lanes of each of n accumulators at DI, vectors of them at
// once, reduces the sums and writes them to out.
func (k *kernel) collect(n int) {
	lanes := k.Lanes() / 2
	v := k.Vs(0, 8)
	t0, t1, m, p, mu := k.V(8), k.V(9), k.V(10), k.V(11), k.V(12)
	k.argument64("m+48(FP)", m)
	k.argument("p+60(FP)", p)
	k.argument("mu+64(FP)", mu)
	k.I("MOVQ out+0(FP), SI")
	// join emits d = a mod-plus b after two shuffles that bring lanes together.
	join := func(low, high, a, b string) {
		k.I(low, b, a, t0)
		k.I(high, b, a, t1)
		k.I("VPADDQ %s, %s, %s", t0, t1, a)
		k.below(a, m, a, t0)
	}
	low, high := "VPERM2I128 $0x20, %s, %s, %s", "VPERM2I128 $0x31, %s, %s, %s"
	if k.wide() {
		low, high = "VSHUFI64X2 $0x88, %s, %s, %s", "VSHUFI64X2 $0xdd, %s, %s, %s"
	}
	for first := 0; first < n; first += lanes {
		for i := range lanes {
			// Past the end, what is there is added again, and not used.
			k.load(at("DI", min(first+i, n-1)*k.Bytes()), v[i])
		}
		for i := 0; i < lanes; i += 2 {
			join("VPUNPCKLQDQ %s, %s, %s", "VPUNPCKHQDQ %s, %s, %s", v[i], v[i+1])
		}
		for step := 2; step < lanes; step *= 2 {
			for i := 0; i < lanes; i += 2 * step {
				join(low, high, v[i], v[i+step])
			}
		}
		k.I("VPMULUDQ %s, %s, %s", mu, v[0], t0)
		k.I("VPMULUDQ %s, %s, %s", p, t0, t0)
		k.I("VPSUBQ %s, %s, %s", t0, v[0], v[0])
		k.I("VPSRLQ $32, %s, %s", v[0], v[0])
		k.I("VPADDD %s, %s, %s", p, v[0], t0)
		k.I("VPMINUD %s, %s, %s", v[0], t0, v[0])
		if k.wide() {
			k.I("VPMOVQD %s, %s", v[0], at("SI", 4*first))
		} else {
			k.I("VPSHUFD $0x08, %s, %s", v[0], v[0])
			k.I("VPERMQ $0x08, %s, %s", v[0], v[0])
			k.I("VMOVDQU X%s, %s", v[0][1:], at("SI", 4*first))
		}
	}
}
