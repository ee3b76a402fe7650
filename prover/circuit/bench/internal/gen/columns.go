package main

import (
	"rpp-node/prover/field"
	"rpp-node/prover/internal/asm"
	"rpp-node/prover/poseidon2"
)

// width is that of the permutations.
const width = 16

// prime is a field, and whether its S-box, x^7, has a register, which holds x³. Without
// one the S-box is x³.
type prime struct {
	asm.Prime
	field    *field.Field
	register bool
}

var primes = []prime{
	{asm.KoalaBear, field.KoalaBear, false},
	{asm.BabyBear, field.BabyBear, true},
}

// steps emits the parts of a permutation over vectors in memory: a vector holds one
// element of as many permutations as it has lanes. Every result is reduced, because
// nearly all of them are columns.
type steps struct {
	*asm.Arith
	prime
	reg []string // the registers beside the constants
}

func columns(f *asm.File, p prime) {
	s := &steps{prime: p, reg: f.Vs(2, 16)}
	s.sboxes(f)
	s.external(f)
	s.partial(f)
}

// begin begins a function over this prime.
func (s *steps) begin(f *asm.File, name string, args int) {
	f.Text(name+s.Name, 0, args)
	s.Arith = asm.NewArith(f, s.prime.Prime, f.V(0), f.V(1))
}

// sbox emits the S-box of x in place and, if there is a register column, its store to
// that operand.
func (s *steps) sbox(x, y, z, register string, t [4]string) {
	s.Mul(x, x, y, t)
	if !s.register {
		s.Mul(y, x, x, t)
		return
	}
	s.Mul(y, x, z, t)
	store(s.File, z, register)
	s.Mul(y, y, y, t)
	s.Mul(y, z, x, t)
}

// sboxes emits func(dst, registers, src, constants *uint32): of a full round, the
// additions of the constants and the S-boxes.
func (s *steps) sboxes(f *asm.File) {
	s.begin(f, "sboxes", 32)
	s.I("MOVQ dst+0(FP), DI")
	s.I("MOVQ registers+8(FP), BX")
	s.I("MOVQ src+16(FP), SI")
	s.I("MOVQ constants+24(FP), DX")
	s.I("MOVQ $%d, CX", width)
	x, y, z, c, t := s.reg[0], s.reg[1], s.reg[2], s.reg[3], [4]string(s.reg[4:])
	s.Label("element")
	load(s.File, "(SI)", x)
	s.I("VPBROADCASTD (DX), %s", c)
	s.Add(x, c, x, t[0])
	s.sbox(x, y, z, "(BX)", t)
	store(s.File, x, "(DI)")
	s.I("ADDQ $4, DX")
	for _, p := range []string{"SI", "DI", "BX"} {
		s.I("ADDQ $%d, %s", s.Bytes(), p)
	}
	s.I("DECQ CX")
	s.I("JNZ %s", s.L("element"))
	s.Return()
}

// external emits func(dst, src *uint32): the full rounds' matrix. dst may be src.
func (s *steps) external(f *asm.File) {
	s.begin(f, "external", 16)
	s.I("MOVQ dst+0(FP), DI")
	s.I("MOVQ src+8(FP), SI")
	x, sum, t := s.reg[0:4], s.reg[4:8], s.reg[12]
	t01, t23, t0, t2 := s.reg[8], s.reg[9], s.reg[10], s.reg[11]
	add := func(x, y, d string) { s.Add(x, y, d, t) }
	for b := 0; b < width; b += 4 {
		for i := range x {
			load(s.File, at(s.File, "SI", b+i), x[i])
		}
		add(x[0], x[1], t01)
		add(x[2], x[3], t23)
		add(t01, t23, t2)
		add(t2, x[1], t0)     // x0 + 2x1 + x2 + x3
		add(t2, x[3], t2)     // x0 + x1 + x2 + 2x3
		add(x[0], x[0], x[1]) // now free
		add(x[2], x[2], x[3])
		add(t0, t01, t01) // 2x0 + 3x1 + x2 + x3
		add(t0, x[3], t0) // x0 + 2x1 + 3x2 + x3
		add(t2, t23, t23) // x0 + x1 + 2x2 + 3x3
		add(t2, x[1], t2) // 3x0 + x1 + x2 + 2x3
		for i, y := range []string{t01, t0, t23, t2} {
			store(s.File, y, at(s.File, "DI", b+i))
			if b == 0 {
				move(s.File, y, sum[i])
			} else {
				add(y, sum[i], sum[i])
			}
		}
	}
	for i := range width {
		y := x[i%4]
		load(s.File, at(s.File, "DI", i), y)
		add(y, sum[i%4], y)
		store(s.File, y, at(s.File, "DI", i))
	}
	s.Return()
}

// partial emits func(columns, state, constants *uint32, rounds int): the partial rounds
// of the state, whose columns follow one another.
func (s *steps) partial(f *asm.File) {
	// The diagonal's entries that are no small integers, each with its quotient.
	diagonal := poseidon2.New(s.field, width).InternalDiagonal()
	var words []uint32
	for _, d := range diagonal {
		words = append(words, uint32(d), uint32(d)*s.prime.MU)
	}
	table := f.Words("diagonal"+s.Name, words...)

	s.begin(f, "partial", 32)
	s.I("MOVQ columns+0(FP), DI")
	s.I("MOVQ state+8(FP), SI")
	s.I("MOVQ constants+16(FP), DX")
	s.I("MOVQ rounds+24(FP), CX")
	x, sums, sum := s.reg[0], s.reg[1:5], s.reg[5]
	t, y, z, v := [4]string(s.reg[6:]), s.reg[10], s.reg[11], s.reg[12]
	// scaled emits e·diagonal[i] + sum, in place.
	scaled := func(i int, e string) {
		k := s.field.Uint(diagonal[i])
		negative := k > s.prime.P/2
		if negative {
			k = s.prime.P - k
		}
		switch {
		case k == 1:
		case k == 2, k == 4:
			for ; k > 1; k /= 2 {
				s.Add(e, e, e, t[0])
			}
		case k == 3:
			s.Add(e, e, y, t[0])
			s.Add(e, y, e, t[0])
		default:
			s.I("VPBROADCASTD %s+%d(SB), %s", table, 8*i, y)
			s.I("VPBROADCASTD %s+%d(SB), %s", table, 8*i+4, z)
			s.MulFixed(e, y, z, e, t)
			negative = false
		}
		if negative {
			s.Sub(sum, e, e, t[0])
		} else {
			s.Add(e, sum, e, t[0])
		}
	}
	// Four partial sums of the elements but the first, so that no addition waits long.
	collect := func(i int, e string) {
		if i <= len(sums) {
			move(s.File, e, sums[i-1])
		} else {
			s.Add(e, sums[(i-1)%len(sums)], sums[(i-1)%len(sums)], t[0])
		}
	}
	load(s.File, at(s.File, "SI", 0), x)
	for i := 1; i < width; i++ {
		load(s.File, at(s.File, "SI", i), v)
		collect(i, v)
	}

	s.Label("round")
	s.I("VPBROADCASTD (DX), %s", y)
	s.Add(x, y, x, t[0])
	s.sbox(x, y, z, "(DI)", t)
	if s.register {
		s.I("ADDQ $%d, DI", s.Bytes())
	}
	store(s.File, x, "(DI)")
	s.I("ADDQ $%d, DI", s.Bytes())
	s.I("ADDQ $4, DX")
	s.Add(sums[0], sums[1], sum, t[0])
	s.Add(sums[2], sums[3], z, t[0])
	s.Add(sum, z, sum, t[0])
	s.Add(sum, x, sum, t[0])
	scaled(0, x)
	for i := 1; i < width; i++ {
		load(s.File, at(s.File, "SI", i), v)
		scaled(i, v)
		store(s.File, v, at(s.File, "SI", i))
		collect(i, v)
	}
	s.I("DECQ CX")
	s.I("JNZ %s", s.L("round"))
	store(s.File, x, at(s.File, "SI", 0))
	s.Return()
}
