package main

// vectors emits the kernels of base-field vectors.
func vectors(k *kernel) {
	r := k.Vs(0, 16)
	p, mu, s, smu, x, y, acc, mask := r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7]
	t := [4]string{r[8], r[9], r[10], r[11]}

	binary := func(name string, op func()) {
		k.begin(name, 40, p, mu, 32, 36)
		k.I("MOVQ dst+0(FP), DI")
		k.I("MOVQ a+8(FP), SI")
		k.I("MOVQ b+16(FP), DX")
		k.I("MOVQ n+24(FP), CX")
		k.sweep([]string{"SI", "DX", "DI"}, mask, func(o int, masked bool) {
			k.fetch(at("SI", o), mask, x, masked)
			k.fetch(at("DX", o), mask, y, masked)
			op()
			k.put(x, mask, at("DI", o), masked)
		})
		k.Return()
	}
	binary("addVec", func() { k.Add(x, y, x, t[0]) })
	binary("subVec", func() { k.Sub(x, y, x, t[0]) })
	binary("mulVec", func() { k.Mul(x, y, x, t) })

	scalar := func(name string, op func(o int, masked bool)) {
		k.begin(name, 40, p, mu, 32, 36)
		k.I("MOVQ dst+0(FP), DI")
		k.I("MOVQ a+8(FP), SI")
		k.I("MOVQ n+16(FP), CX")
		k.argument("s+24(FP)", s)
		k.argument("smu+28(FP)", smu)
		k.sweep([]string{"SI", "DI"}, mask, func(o int, masked bool) {
			k.fetch(at("SI", o), mask, x, masked)
			op(o, masked)
			k.put(x, mask, at("DI", o), masked)
		})
		k.Return()
	}
	scalar("scaleVec", func(int, bool) { k.MulFixed(x, s, smu, x, t) })
	scalar("addScalarVec", func(int, bool) { k.Add(x, s, x, t[0]) })
	scalar("rsubScalarVec", func(int, bool) { k.Sub(s, x, x, t[0]) })
	scalar("mulAddVec", func(o int, masked bool) {
		k.MulFixed(x, s, smu, x, t)
		k.fetch(at("DI", o), mask, y, masked)
		k.Add(x, y, x, t[0])
	})

	// The products of one vector are two for each 64-bit lane, together below p·2^32. The
	// vectors of a loop's turn have a sum each, for sums wait for themselves.
	m, sums := s, []string{acc, r[12], r[13], r[14]}
	k.Text("dotVec", 0, 40)
	k.argument64("m+32(FP)", m)
	k.I("MOVQ out+0(FP), DI")
	k.I("MOVQ a+8(FP), SI")
	k.I("MOVQ b+16(FP), DX")
	k.I("MOVQ n+24(FP), CX")
	for _, sum := range sums {
		k.I("VPXOR %[1]s, %[1]s, %[1]s", "X"+sum[1:])
	}
	k.sweep([]string{"SI", "DX"}, mask, func(o int, masked bool) {
		sum := sums[o/k.Bytes()]
		k.fetch(at("SI", o), mask, x, masked)
		k.fetch(at("DX", o), mask, y, masked)
		k.OddToEven(x, t[0])
		k.OddToEven(y, t[1])
		k.I("VPMULUDQ %s, %s, %s", x, y, x)
		k.I("VPMULUDQ %s, %s, %s", t[0], t[1], t[0])
		k.I("VPADDQ %s, %s, %s", x, t[0], x)
		k.I("VPADDQ %s, %s, %s", x, sum, sum)
		k.below(sum, m, sum, t[1])
	})
	for _, sum := range sums[1:] {
		k.I("VPADDQ %s, %s, %s", sum, acc, acc)
		k.below(acc, m, acc, t[1])
	}
	k.store(acc, "(DI)")
	k.Return()
}

// sweep emits the loop over CX elements that the pointers walk along: four vectors at a
// time, then one, then a part of one. The body is given the offset from the pointers.
func (k *kernel) sweep(pointers []string, mask string, body func(offset int, masked bool)) {
	const unroll = 4
	step := func(vectors int) {
		for v := range vectors {
			body(v*k.Bytes(), false)
		}
		for _, p := range pointers {
			k.I("ADDQ $%d, %s", vectors*k.Bytes(), p)
		}
		k.I("SUBQ $%d, CX", vectors*k.Lanes())
	}
	k.I("SUBQ $%d, CX", unroll*k.Lanes())
	k.I("JLT %s", k.L("few"))
	k.Label("many")
	step(unroll)
	k.I("JGE %s", k.L("many"))
	k.Label("few")
	k.I("ADDQ $%d, CX", (unroll-1)*k.Lanes())
	k.I("JLT %s", k.L("part"))
	k.Label("one")
	step(1)
	k.I("JGE %s", k.L("one"))
	k.Label("part")
	k.I("ADDQ $%d, CX", k.Lanes())
	k.I("JEQ %s", k.L("done"))
	k.tailMask(mask)
	body(0, true)
	k.Label("done")
}

func (k *kernel) fetch(addr, mask, to string, masked bool) {
	if masked {
		k.loadMasked(addr, mask, to)
	} else {
		k.load(addr, to)
	}
}

func (k *kernel) put(from, mask, addr string, masked bool) {
	if masked {
		k.storeMasked(from, mask, addr)
	} else {
		k.store(from, addr)
	}
}
