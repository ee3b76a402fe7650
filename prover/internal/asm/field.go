package asm

// Prime is what the kernels need of a 31-bit prime field.
type Prime struct {
	Name string // in Go identifiers
	P    uint32
	MU   uint32 // p^-1 mod 2^32
}

// The primes of the project (prover/field).
var (
	KoalaBear = Prime{"KB", 0x7f000001, 0x81000001}
	BabyBear  = Prime{"BB", 0x78000001, 0x88000001}
)

// Primes lists them.
var Primes = []Prime{KoalaBear, BabyBear}

// Arith emits arithmetic on vectors of Montgomery words below p, with p and p^-1 mod
// 2^32 broadcast in two registers. On AVX-512, mask K1 selects the even lanes; nothing
// else may write it.
type Arith struct {
	*File
	P, MU string
}

// NewArith loads the constants of a prime: from registers' names, through AX.
func NewArith(f *File, prime Prime, p, mu string) *Arith {
	a := &Arith{f, p, mu}
	for _, c := range []struct {
		reg string
		v   uint32
	}{{p, prime.P}, {mu, prime.MU}} {
		f.I("MOVL $0x%08x, AX", c.v)
		if f.ISA == AVX512 {
			f.I("VPBROADCASTD AX, %s", c.reg)
		} else {
			f.I("VMOVD AX, X%s", c.reg[1:])
			f.I("VPBROADCASTD X%s, %s", c.reg[1:], c.reg)
		}
	}
	if f.ISA == AVX512 {
		f.I("MOVL $0x5555, AX")
		f.I("KMOVW AX, K1")
	}
	return a
}

// Add emits d = x + y, with one temporary register; d may be x or y.
func (a *Arith) Add(x, y, d, t string) {
	a.I("VPADDD %s, %s, %s", x, y, d)
	a.I("VPSUBD %s, %s, %s", a.P, d, t)
	a.I("VPMINUD %s, %s, %s", d, t, d)
}

// Sub emits d = x - y, with one temporary register; d may be x or y.
func (a *Arith) Sub(x, y, d, t string) {
	a.I("VPSUBD %s, %s, %s", y, x, d)
	a.I("VPADDD %s, %s, %s", a.P, d, t)
	a.I("VPMINUD %s, %s, %s", d, t, d)
}

// Canonical emits d = x mod p for x in (-p, p), with one temporary register; d may be
// either.
func (a *Arith) Canonical(x, d, t string) {
	a.I("VPADDD %s, %s, %s", a.P, x, t)
	a.I("VPMINUD %s, %s, %s", x, t, d)
}

// OddToEven emits a copy of x's odd lanes in d's even lanes.
func (a *Arith) OddToEven(x, d string) {
	a.I("VMOVSHDUP %s, %s", x, d)
}

// Merge turns two vectors of 64-bit products, the even lanes' and the odd lanes', into
// the vector of their upper halves, in odd. It overwrites even.
func (a *Arith) Merge(even, odd string) {
	if a.ISA == AVX512 {
		a.I("VMOVSHDUP %s, K1, %s", even, odd)
		return
	}
	a.I("VMOVSHDUP %s, %s", even, even)
	a.I("VPBLENDD $0x55, %s, %s, %s", even, odd, odd)
}

// Reduce emits the Montgomery reduction of two vectors of unsigned 64-bit products below
// 2^32·p, the even lanes' and the odd lanes', to one vector d of words below p. It uses
// two temporary registers and overwrites both inputs; d may be any of the four.
func (a *Arith) Reduce(even, odd, d, t0, t1 string) {
	a.I("VPMULUDQ %s, %s, %s", a.MU, even, t0)
	a.I("VPMULUDQ %s, %s, %s", a.MU, odd, t1)
	a.I("VPMULUDQ %s, %s, %s", a.P, t0, t0)
	a.I("VPMULUDQ %s, %s, %s", a.P, t1, t1)
	a.I("VPSUBQ %s, %s, %s", t0, even, even)
	a.I("VPSUBQ %s, %s, %s", t1, odd, odd)
	a.Merge(even, odd)
	a.Canonical(odd, d, t0)
}

// Mul emits d = x·y with four temporary registers; d may be x or y, or t[0].
func (a *Arith) Mul(x, y, d string, t [4]string) {
	a.OddToEven(x, t[0])
	a.OddToEven(y, t[1])
	a.I("VPMULUDQ %s, %s, %s", t[0], t[1], t[1])
	a.I("VPMULUDQ %s, %s, %s", x, y, t[0])
	a.Reduce(t[0], t[1], d, t[2], t[3])
}

// MulFixed emits d = x·w for a vector w that is the same in all lanes, or whose odd lanes
// equal its even ones, given wmu = w·p^-1 mod 2^32 in the same form: product and quotient
// no longer wait for each other. It uses four temporary registers; d may be x or t[0].
func (a *Arith) MulFixed(x, w, wmu, d string, t [4]string) {
	a.OddToEven(x, t[0])
	a.I("VPMULUDQ %s, %s, %s", wmu, x, t[2])
	a.I("VPMULUDQ %s, %s, %s", wmu, t[0], t[3])
	a.I("VPMULUDQ %s, %s, %s", w, x, t[1])
	a.I("VPMULUDQ %s, %s, %s", w, t[0], t[0])
	a.I("VPMULUDQ %s, %s, %s", a.P, t[2], t[2])
	a.I("VPMULUDQ %s, %s, %s", a.P, t[3], t[3])
	a.I("VPSUBQ %s, %s, %s", t[2], t[1], t[1])
	a.I("VPSUBQ %s, %s, %s", t[3], t[0], t[0])
	a.Merge(t[1], t[0])
	a.Canonical(t[0], d, t[2])
}
