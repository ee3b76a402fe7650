package main

// result is the finish of apply that stores a coefficient of the result.
func (e *ext) result(i int, reg string) { e.store(reg, e.slot(slotResult+i)) }

// resultPlus adds the addend in the slots.
func (e *ext) resultPlus(i int, reg string) {
	e.Add(e.slot(slotAddend+i), reg, reg, e.V(10))
	e.result(i, reg)
}

// products emits dst = a·b and dst += a·b.
func (e *ext) products() {
	for _, add := range []bool{false, true} {
		name, finish := "extMul", e.result
		if add {
			name, finish = "extMulAdd", e.resultPlus
		}
		e.start(name, "dst", "a", "b")
		e.loop(func() {
			if add {
				e.read("DI", 0, elementBytes)
				e.save(slotAddend)
			}
			e.read("DX", 0, elementBytes)
			e.build()
			e.read("SI", 0, elementBytes)
			e.spread()
			e.apply(false, finish)
			e.write(slotResult)
			e.advance("SI", e.Lanes()*elementBytes)
			e.advance("DX", e.Lanes()*elementBytes)
			e.advance("DI", e.Lanes()*elementBytes)
		})
	}
	e.start("extMulBase", "dst", "a", "b")
	e.loop(func() {
		e.read("SI", 0, elementBytes)
		e.scale("DX")
		e.save(slotResult)
		e.write(slotResult)
		e.advance("SI", e.Lanes()*elementBytes)
		e.advance("DX", e.Bytes())
		e.advance("DI", e.Lanes()*elementBytes)
	})
}

// scale multiplies the even registers by the base-field vector at an address.
func (e *ext) scale(reg string) {
	s := e.V(10)
	e.load(at(reg, 0), s)
	for i := range e.d {
		e.Mul(e.even(i), s, e.even(i), [4]string{e.V(5), e.V(11), e.V(12), e.V(13)})
	}
}

// affine emits what multiplies by the matrix of the state: dst = add + m·a, dst += m·a,
// and, for base-field vectors x and y, dst = m·(y, y·x, y·x², …).
func (e *ext) affine() {
	constant := func(i int, reg string) {
		e.broadcast(at("R8", stateAdd+4*i), e.V(12))
		e.Add(e.V(12), reg, reg, e.V(10))
		e.result(i, reg)
	}
	e.start("extAffine", "dst", "a", "b")
	e.loop(func() {
		e.read("SI", 0, elementBytes)
		e.spread()
		e.apply(true, constant)
		e.write(slotResult)
		e.advance("SI", e.Lanes()*elementBytes)
		e.advance("DI", e.Lanes()*elementBytes)
	})
	e.start("extScaleAdd", "dst", "a", "b")
	e.loop(func() {
		e.read("DI", 0, elementBytes)
		e.save(slotAddend)
		e.read("SI", 0, elementBytes)
		e.spread()
		e.apply(true, e.resultPlus)
		e.write(slotResult)
		e.advance("SI", e.Lanes()*elementBytes)
		e.advance("DI", e.Lanes()*elementBytes)
	})
	e.start("extPoly", "dst", "x", "y")
	e.loop(func() {
		x := e.V(10)
		e.load("(SI)", x)
		e.load("(DX)", e.even(0))
		for i := 1; i < e.d; i++ {
			e.Mul(e.even(i-1), x, e.even(i), [4]string(append(e.Vs(11, 14), e.V(5))))
		}
		e.spread()
		e.apply(true, e.result)
		e.write(slotResult)
		e.advance("SI", e.Bytes())
		e.advance("DX", e.Bytes())
		e.advance("DI", e.Lanes()*elementBytes)
	})
}

// fold emits dst_i = (lo + hi)/2 + β(lo - hi)·inv_i for the pairs of src, the matrix being
// that of β.
func (e *ext) fold() {
	e.start("extFold", "dst", "src", "inv")
	e.loop(func() {
		e.read("SI", 0, 2*elementBytes)
		e.save(slotAddend)
		e.read("SI", elementBytes, 2*elementBytes)
		one, half, lo, sum, t := e.V(5), e.V(6), e.V(10), e.V(11), e.V(12)
		e.broadcast(at("R8", stateOne), one)
		e.broadcast(at("R8", stateHalf), half)
		for i := range e.d {
			hi := e.even(i)
			e.load(e.slot(slotAddend+i), lo)
			e.Add(lo, hi, sum, t)
			e.Sub(lo, hi, hi, t)
			e.halve(sum, one, half, t)
			e.store(sum, e.slot(slotAddend+i))
		}
		e.scale("DX")
		e.spread()
		e.apply(true, e.resultPlus)
		e.write(slotResult)
		e.advance("SI", 2*e.Lanes()*elementBytes)
		e.advance("DX", e.Bytes())
		e.advance("DI", e.Lanes()*elementBytes)
	})
}

// halve emits x /= 2: an odd word is (x-1)/2 + (p+1)/2.
func (e *ext) halve(x, one, half, t string) {
	if e.wide() {
		e.I("VPTESTMD %s, %s, K2", one, x)
		e.I("VPSRLD $1, %s, %s", x, x)
		e.I("VPADDD %s, %s, K2, %s", half, x, x)
		return
	}
	e.I("VPAND %s, %s, %s", one, x, t)
	e.I("VPCMPEQD %s, %s, %s", one, t, t)
	e.I("VPAND %s, %s, %s", half, t, t)
	e.I("VPSRLD $1, %s, %s", x, x)
	e.I("VPADDD %s, %s, %s", t, x, x)
}
