package field

import "math/bits"

// Elem is an element of a 31-bit prime field in Montgomery form, always below p.
// Its zero value is the field's zero.
type Elem uint32

// Field is a prime field with a large power-of-two subgroup. The two of this package
// are never written after initialisation; callers share the pointers.
type Field struct {
	name       string
	p          uint32
	mu         uint32 // p^-1 mod 2^32
	r2         uint64 // 2^64 mod p, to enter Montgomery form
	generator  uint32 // canonical generator of the multiplicative group
	twoAdicity int
	roots      []Elem // roots[k] generates the subgroup of order 2^k
	rootsInv   []Elem
	one        Elem
	half       Elem
	sboxDegree int
}

// KoalaBear is p = 2^31 - 2^24 + 1; BabyBear is p = 2^31 - 2^27 + 1. Generators and
// roots are Plonky3's (koala-bear/src/koala_bear.rs, baby-bear/src/baby_bear.rs), and
// gnark-crypto's.
var (
	KoalaBear = newField("koalabear", 0x7f000001, 3, 24, 0x6ac49f88, 3)
	BabyBear  = newField("babybear", 0x78000001, 31, 27, 0x1a427a41, 7)
)

func newField(name string, p, generator uint32, twoAdicity int, root uint32, sbox int) *Field {
	mu := p // Newton: p odd, so p·p = 1 mod 8; each step doubles the correct bits
	for range 5 {
		mu *= 2 - p*mu
	}
	_, r2 := bits.Div64(1%uint64(p), 0, uint64(p)) // 2^64 mod p
	f := &Field{name: name, p: p, mu: mu, r2: r2, generator: generator, twoAdicity: twoAdicity, sboxDegree: sbox}
	f.one = f.FromUint(1)
	f.half = f.Inv(f.FromUint(2))
	f.roots = make([]Elem, twoAdicity+1)
	f.rootsInv = make([]Elem, twoAdicity+1)
	f.roots[twoAdicity] = f.FromUint(uint64(root))
	for k := twoAdicity; k > 0; k-- {
		f.roots[k-1] = f.Mul(f.roots[k], f.roots[k])
	}
	for k := range f.roots {
		f.rootsInv[k] = f.Inv(f.roots[k])
	}
	return f
}

// ByName returns the field with that name, or nil.
func ByName(name string) *Field {
	for _, f := range []*Field{KoalaBear, BabyBear} {
		if f.name == name {
			return f
		}
	}
	return nil
}

// Name is "koalabear" or "babybear".
func (f *Field) Name() string { return f.name }

// Modulus is p.
func (f *Field) Modulus() uint32 { return f.p }

// TwoAdicity is the largest k such that 2^k divides p - 1.
func (f *Field) TwoAdicity() int { return f.twoAdicity }

// SBoxDegree is the exponent of Poseidon2's S-box over this field.
func (f *Field) SBoxDegree() int { return f.sboxDegree }

// Generator generates the multiplicative group; it is the coset shift of every LDE.
func (f *Field) Generator() Elem { return f.FromUint(uint64(f.generator)) }

// Root generates the subgroup of order 2^k. It panics above the two-adicity: sizes are
// checked where they enter the program.
func (f *Field) Root(k int) Elem { return f.roots[k] }

// RootInv is the inverse of Root(k).
func (f *Field) RootInv(k int) Elem { return f.rootsInv[k] }

// One is the field's one.
func (f *Field) One() Elem { return f.one }

// Half is 1/2.
func (f *Field) Half() Elem { return f.half }

// Add returns a + b.
func (f *Field) Add(a, b Elem) Elem {
	s := uint32(a) + uint32(b) - f.p
	return Elem(s + f.p&uint32(int32(s)>>31))
}

// Sub returns a - b.
func (f *Field) Sub(a, b Elem) Elem {
	d := uint32(a) - uint32(b)
	return Elem(d + f.p&uint32(int32(d)>>31))
}

// Neg returns -a.
func (f *Field) Neg(a Elem) Elem { return f.Sub(0, a) }

// Double returns 2a.
func (f *Field) Double(a Elem) Elem { return f.Add(a, a) }

// Mul returns a·b.
func (f *Field) Mul(a, b Elem) Elem {
	x := uint64(a) * uint64(b)
	t := uint64(uint32(x)*f.mu) * uint64(f.p)
	d := uint32(x>>32) - uint32(t>>32)
	return Elem(d + f.p&uint32(int32(d)>>31))
}

// Square returns a².
func (f *Field) Square(a Elem) Elem { return f.Mul(a, a) }

// reduce is the Montgomery reduction of any x below 2·p·2^32, such as a sum of four
// products.
func (f *Field) reduce(x uint64) Elem {
	hi := uint32(x>>32) - f.p
	hi += f.p & uint32(int32(hi)>>31)
	t := uint64(uint32(x)*f.mu) * uint64(f.p)
	d := hi - uint32(t>>32)
	return Elem(d + f.p&uint32(int32(d)>>31))
}

// m is p·2^32, modulo which products are added up before one Montgomery reduction.
func (f *Field) m() uint64 { return uint64(f.p) << 32 }

// below returns x mod m for x below 2m.
func below(x, m uint64) uint64 { return min(x, x-m) }

// Exp returns a^n, with a^0 = 1 for every a.
func (f *Field) Exp(a Elem, n uint64) Elem {
	r := f.one
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			r = f.Mul(r, a)
		}
		a = f.Mul(a, a)
	}
	return r
}

// Exp2 returns a^(2^k).
func (f *Field) Exp2(a Elem, k int) Elem {
	for range k {
		a = f.Mul(a, a)
	}
	return a
}

// Inv returns 1/a, and 0 for 0: callers that may meet 0 test for it.
func (f *Field) Inv(a Elem) Elem { return f.Exp(a, uint64(f.p)-2) }

// FromUint reduces v modulo p. For values of the program's own; input from outside
// enters by FromUint32 or FromWord.
func (f *Field) FromUint(v uint64) Elem {
	return f.Mul(Elem(v%uint64(f.p)), Elem(f.r2))
}

// FromInt reduces a signed value.
func (f *Field) FromInt(v int64) Elem {
	if v < 0 {
		return f.Neg(f.FromUint(uint64(-v)))
	}
	return f.FromUint(uint64(v))
}

// FromUint32 takes a canonical integer and reports whether it was below p.
func (f *Field) FromUint32(v uint32) (Elem, bool) {
	if v >= f.p {
		return 0, false
	}
	return f.FromUint(uint64(v)), true
}

// Uint returns the canonical integer of a, below p.
func (f *Field) Uint(a Elem) uint32 {
	t := uint64(uint32(a)*f.mu) * uint64(f.p)
	d := -uint32(t >> 32)
	return d + f.p&uint32(int32(d)>>31)
}

// FromWord takes upstream's encoding, the Montgomery word, and reports whether it was
// below p.
func (f *Field) FromWord(w uint32) (Elem, bool) { return Elem(w), w < f.p }

// Powers returns start·base^i for i in [0, n).
func (f *Field) Powers(start, base Elem, n int) []Elem {
	out := make([]Elem, n)
	const first = 16
	power := f.one
	for i := range min(n, first) {
		out[i] = f.Mul(start, power)
		power = f.Mul(power, base)
	}
	for have := first; have < n; have *= 2 { // power is base^have
		f.ScaleVec(out[have:min(2*have, n)], out[:min(have, n-have)], power)
		power = f.Square(power)
	}
	return out
}

// ReverseBits reverses the low n bits of i: the place of natural index i in bit-reversed
// order.
func ReverseBits(i, n int) int { return int(bits.Reverse64(uint64(i)) >> (64 - n) & (1<<n - 1)) }
