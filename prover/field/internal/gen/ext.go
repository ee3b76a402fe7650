package main

import "fmt"

// The state that a kernel of extension vectors is given (extState in Go): constants, a
// matrix and a constant element, and room for vectors ("slots"), aligned here.
const (
	stateP    = 0
	stateMU   = 4
	stateW    = 8 // of X^4 - W
	stateWMU  = 12
	stateOne  = 16 // the integer 1
	stateHalf = 20 // the integer (p+1)/2
	stateM    = 24 // p·2^32
	stateMat  = 32
	stateAdd  = 132
	stateRoom = 152
	slotBytes = 64
)

// Slots: a matrix of at most 9 different entries, each for even and for odd lanes; then
// elements by coefficient.
const (
	slotMat    = 0
	slotAddend = 18
	slotResult = 23
	slotM      = 28
)

const elementBytes = 20

// ext emits kernels of one degree. Registers: 0 to 4 hold the coefficients of a vector of
// elements, 5 to 9 their odd lanes; 10 to 13 are temporary; p and p^-1 are in 14 and 15.
// R8 is the state, R9 the slots.
type ext struct {
	*kernel
	d int
}

func extensions(k *kernel) {
	for _, d := range []int{4, 5} {
		e := &ext{k, d}
		e.products()
		e.affine()
		e.fold()
	}
}

func (e *ext) even(i int) string { return e.V(i) }
func (e *ext) odd(i int) string  { return e.V(5 + i) }

func (e *ext) slot(i int) string { return at("R9", i*slotBytes) }

// start begins a kernel (dst, a, b, n, state): DI, SI, DX, CX, R8.
func (e *ext) start(name, dst, a, b string) {
	e.Text(fmt.Sprintf("%s%d", name, e.d), 0, 40)
	e.I("MOVQ %s+0(FP), DI", dst)
	e.I("MOVQ %s+8(FP), SI", a)
	e.I("MOVQ %s+16(FP), DX", b)
	e.I("MOVQ n+24(FP), CX")
	e.I("MOVQ s+32(FP), R8")
	e.I("LEAQ %d(R8), R9", stateRoom+slotBytes-1)
	e.I("ANDQ $-%d, R9", slotBytes)
	e.P, e.MU = e.V(14), e.V(15)
	e.broadcast(at("R8", stateP), e.P)
	e.broadcast(at("R8", stateMU), e.MU)
	e.evenMask()
	if e.d == 5 {
		e.I("VPBROADCASTQ %s, %s", at("R8", stateM), e.V(0))
		e.store(e.V(0), e.slot(slotM))
	}
}

// loop emits the loop over CX elements, of which the body does one vector.
func (e *ext) loop(body func()) {
	e.Label("loop")
	body()
	e.I("SUBQ $%d, CX", e.Lanes())
	e.I("JNE %s", e.L("loop"))
	e.Return()
}

func (e *ext) advance(reg string, bytes int) { e.I("ADDQ $%d, %s", bytes, reg) }

// transpose turns four vectors, of which each 128-bit lane is a row of a matrix of 4 by 4
// words, around; it is its own inverse.
func (e *ext) transpose(in, t, out []string) {
	e.I("VPUNPCKLDQ %s, %s, %s", in[1], in[0], t[0])
	e.I("VPUNPCKHDQ %s, %s, %s", in[1], in[0], t[1])
	e.I("VPUNPCKLDQ %s, %s, %s", in[3], in[2], t[2])
	e.I("VPUNPCKHDQ %s, %s, %s", in[3], in[2], t[3])
	e.I("VPUNPCKLQDQ %s, %s, %s", t[2], t[0], out[0])
	e.I("VPUNPCKHQDQ %s, %s, %s", t[2], t[0], out[1])
	e.I("VPUNPCKLQDQ %s, %s, %s", t[3], t[1], out[2])
	e.I("VPUNPCKHQDQ %s, %s, %s", t[3], t[1], out[3])
}

// quads loads four words of each element: vector j has those of elements j, j+4, …
func (e *ext) quads(reg string, offset, stride int, to []string) {
	for j := range 4 {
		e.I("VMOVDQU %s, X%s", at(reg, offset+j*stride), to[j][1:])
		for lane := 1; lane < e.Lanes()/4; lane++ {
			addr := at(reg, offset+(4*lane+j)*stride)
			if e.wide() {
				e.I("VINSERTI32X4 $%d, %s, %s, %s", lane, addr, to[j], to[j])
			} else {
				e.I("VINSERTI128 $%d, %s, %s, %s", lane, addr, to[j], to[j])
			}
		}
	}
}

// read loads elements that lie stride bytes apart into the even registers. It overwrites
// registers 5 to 12.
func (e *ext) read(reg string, offset, stride int) {
	z, t := e.Vs(5, 9), e.Vs(9, 13)
	e.quads(reg, offset, stride, z)
	e.transpose(z, t, e.Vs(0, 4))
	if e.d == 5 {
		e.quads(reg, offset+4, stride, z)
		e.I("VPUNPCKHDQ %s, %s, %s", z[1], z[0], t[0])
		e.I("VPUNPCKHDQ %s, %s, %s", z[3], z[2], t[1])
		e.I("VPUNPCKHQDQ %s, %s, %s", t[1], t[0], e.V(4))
	}
}

// write stores the elements in successive slots at DI. It overwrites registers 0 to 12.
func (e *ext) write(slot int) {
	for i := range 4 {
		e.load(e.slot(slot+i), e.V(i))
	}
	z := e.Vs(5, 9)
	e.transpose(e.Vs(0, 4), e.Vs(9, 13), z)
	e.I("XORL AX, AX")
	for i := range e.Lanes() {
		addr := at("DI", i*elementBytes)
		switch lane := i / 4; {
		case lane == 0:
			e.I("VMOVDQU X%s, %s", z[i][1:], addr)
		case e.wide():
			e.I("VEXTRACTI32X4 $%d, %s, %s", lane, z[i%4], addr)
		default:
			e.I("VEXTRACTI128 $%d, %s, %s", lane, z[i%4], addr)
		}
		if e.d == 5 {
			e.I("MOVL %s, AX", at("R9", (slot+4)*slotBytes+4*i))
		}
		e.I("MOVL AX, %s", at("DI", i*elementBytes+16))
	}
}

// save stores the even registers in slots.
func (e *ext) save(slot int) {
	for i := range e.d {
		e.store(e.even(i), e.slot(slot+i))
	}
}

// spread makes the odd registers from the even ones.
func (e *ext) spread() {
	for i := range e.d {
		e.OddToEven(e.even(i), e.odd(i))
	}
}

// entries says, for product coefficient k and coefficient i of the first factor, which
// number made from the second factor b multiplies it: b_0, b_1, …, then those that build
// makes. For X^4 = W they are W·b_1, W·b_2, W·b_3; for X^5 = 1 - X^2 (and so X^6 = X - X^3,
// X^7 = X^2 - X^4, X^8 = X^3 + X^2 - 1) b_1-b_4, b_0-b_3, b_4-b_2 and b_3-b_1+b_4.
var entries = map[int][][]int{
	4: {{0, 6, 5, 4}, {1, 0, 6, 5}, {2, 1, 0, 6}, {3, 2, 1, 0}},
	5: {{0, 4, 3, 2, 5}, {1, 0, 4, 3, 2}, {2, 5, 6, 7, 8}, {3, 2, 5, 6, 7}, {4, 3, 2, 5, 6}},
}

// build makes the matrix of multiplication by the elements in the even registers. It
// overwrites registers 5 to 13.
func (e *ext) build() {
	put := func(entry int, reg string) {
		e.store(reg, e.slot(slotMat+2*entry))
		e.OddToEven(reg, e.V(13))
		e.store(e.V(13), e.slot(slotMat+2*entry+1))
	}
	for i := range e.d {
		put(i, e.even(i))
	}
	if e.d == 4 {
		w, wmu := e.V(5), e.V(6)
		e.broadcast(at("R8", stateW), w)
		e.broadcast(at("R8", stateWMU), wmu)
		for i := 1; i < 4; i++ {
			e.MulFixed(e.even(i), w, wmu, e.V(12), [4]string(e.Vs(8, 12)))
			put(3+i, e.V(12))
		}
		return
	}
	b, t, difference := e.Vs(0, 5), e.V(12), e.V(5)
	e.Sub(b[1], b[4], difference, t)
	put(5, difference)
	e.Sub(b[3], difference, difference, t)
	put(8, difference)
	e.Sub(b[0], b[3], difference, t)
	put(6, difference)
	e.Sub(b[4], b[2], difference, t)
	put(7, difference)
}

// apply multiplies the elements in the even and odd registers by a matrix: the one that
// build has made, or the constant one of the state. It hands each coefficient of the
// result to finish, in register 11; 10, 12 and 13 are free then.
func (e *ext) apply(constant bool, finish func(i int, reg string)) {
	sum, t := e.Vs(10, 12), e.Vs(12, 14)
	for i := range e.d {
		for j := range e.d {
			data := []string{e.even(j), e.odd(j)}
			if constant {
				e.broadcast(at("R8", stateMat+4*(i*e.d+j)), t[0])
			}
			if j == 4 { // four products are below 2m, five may not fit 64 bits
				for h := range sum {
					e.below(sum[h], e.slot(slotM), sum[h], t[1])
				}
			}
			for h := range sum {
				factor, to := t[0], t[1-h]
				if !constant {
					factor, to = e.slot(slotMat+2*entries[e.d][i][j]+h), t[h]
				}
				if j == 0 {
					e.I("VPMULUDQ %s, %s, %s", factor, data[h], sum[h])
					continue
				}
				e.I("VPMULUDQ %s, %s, %s", factor, data[h], to)
				e.I("VPADDQ %s, %s, %s", to, sum[h], sum[h])
			}
		}
		e.reduceTwice(sum, t)
		finish(i, sum[1])
	}
}

// reduceTwice emits the Montgomery reduction of sums below 2m to words below p in sum[1].
// The quotient depends on the lower words only, so the upper ones are brought below p
// after both halves are merged.
func (e *ext) reduceTwice(sum, t []string) {
	for h := range sum {
		e.I("VPMULUDQ %s, %s, %s", e.MU, sum[h], t[h])
	}
	for h := range sum {
		e.I("VPMULUDQ %s, %s, %s", e.P, t[h], t[h])
	}
	e.Merge(sum[0], sum[1])
	e.Merge(t[0], t[1])
	e.I("VPSUBD %s, %s, %s", e.P, sum[1], sum[0])
	e.I("VPMINUD %s, %s, %s", sum[0], sum[1], sum[1])
	e.Sub(sum[1], t[1], sum[1], t[0])
}
