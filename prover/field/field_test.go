package field

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/consensys/gnark-crypto/field/babybear"
	"github.com/consensys/gnark-crypto/field/koalabear"
)

var allFields = []*Field{KoalaBear, BabyBear}

// operands are elements around the places where a reduction changes its mind, then
// random ones.
func operands(f *Field, count int) []Elem {
	p := f.Modulus()
	words := []uint32{0, 1, 2, 3, p - 1, p - 2, p / 2, p/2 + 1, 1 << 24, 1<<24 - 1, 1 << 30, uint32(f.One()), uint32(f.Half())}
	rng := rand.New(rand.NewPCG(uint64(p), 1))
	for len(words) < count {
		words = append(words, rng.Uint32N(p))
	}
	out := make([]Elem, len(words))
	for i, w := range words {
		out[i] = Elem(w)
	}
	return out
}

// value is the integer that a Montgomery word stands for: word·2^-32 mod p.
func value(f *Field, a Elem) *big.Int {
	p := big.NewInt(int64(f.Modulus()))
	r := new(big.Int).ModInverse(new(big.Int).Lsh(big.NewInt(1), 32), p)
	r.Mul(r, big.NewInt(int64(a)))
	return r.Mod(r, p)
}

func TestAgainstBig(t *testing.T) {
	for _, f := range allFields {
		p := big.NewInt(int64(f.Modulus()))
		check := func(what string, got Elem, want *big.Int) {
			t.Helper()
			if uint32(got) >= f.Modulus() || value(f, got).Cmp(want.Mod(want, p)) != 0 {
				t.Errorf("%s: %s = word %#x, value %v, want %v", f.Name(), what, uint32(got), value(f, got), want)
			}
		}
		for _, a := range operands(f, 60) {
			va := value(f, a)
			if uint64(f.Uint(a)) != va.Uint64() {
				t.Errorf("%s: Uint(%#x) = %d, want %v", f.Name(), uint32(a), f.Uint(a), va)
			}
			check("Neg", f.Neg(a), new(big.Int).Neg(va))
			check("Double", f.Double(a), new(big.Int).Lsh(va, 1))
			check("Square", f.Square(a), new(big.Int).Mul(va, va))
			check("Inv", f.Inv(a), new(big.Int).Exp(va, big.NewInt(int64(f.Modulus())-2), p))
			check("Exp", f.Exp(a, 0xfedcba9876543210), new(big.Int).Exp(va, new(big.Int).SetUint64(0xfedcba9876543210), p))
			check("Exp2", f.Exp2(a, 13), new(big.Int).Exp(va, big.NewInt(1<<13), p))
			for _, b := range operands(f, 60) {
				vb := value(f, b)
				check("Add", f.Add(a, b), new(big.Int).Add(va, vb))
				check("Sub", f.Sub(a, b), new(big.Int).Sub(va, vb))
				check("Mul", f.Mul(a, b), new(big.Int).Mul(va, vb))
			}
		}
		check("0^0", f.Exp(0, 0), big.NewInt(1))
	}
}

// TestReduce goes to both ends of the range that reduce allows.
func TestReduce(t *testing.T) {
	for _, f := range allFields {
		p := uint64(f.Modulus())
		last := 2*p<<32 - 1
		for _, x := range []uint64{0, 1, p, 1<<32 - 1, 1 << 32, p<<32 - 1, p << 32, p<<32 + 1, 4 * (p - 1) * (p - 1), last - 1, last} {
			checkReduce(t, f, x)
		}
	}
}

func checkReduce(t *testing.T, f *Field, x uint64) {
	t.Helper()
	p := new(big.Int).SetUint64(uint64(f.Modulus()))
	want := new(big.Int).ModInverse(new(big.Int).Lsh(big.NewInt(1), 32), p)
	want.Mul(want, new(big.Int).SetUint64(x)).Mod(want, p)
	if got := f.reduce(x); uint64(got) != want.Uint64() {
		t.Errorf("%s: reduce(%d) = %d, want %v", f.Name(), x, uint32(got), want)
	}
}

// TestAgainstGnark checks that words mean the same to gnark-crypto, on which the
// vector operations stand.
func TestAgainstGnark(t *testing.T) {
	for _, a := range operands(KoalaBear, 40) {
		for _, b := range operands(KoalaBear, 40) {
			x, y, z := koalabear.Element{uint32(a)}, koalabear.Element{uint32(b)}, koalabear.Element{}
			if got, want := KoalaBear.Mul(a, b), z.Mul(&x, &y)[0]; uint32(got) != want {
				t.Fatalf("koalabear: %d·%d = %d, want %d", a, b, got, want)
			}
			if got, want := KoalaBear.Sub(a, b), z.Sub(&x, &y)[0]; uint32(got) != want {
				t.Fatalf("koalabear: %d-%d = %d, want %d", a, b, got, want)
			}
		}
		x := koalabear.Element{uint32(a)}
		if got, want := uint64(KoalaBear.Uint(a)), x.Uint64(); got != want {
			t.Fatalf("koalabear: canonical %d, want %d", got, want)
		}
	}
	for _, a := range operands(BabyBear, 40) {
		for _, b := range operands(BabyBear, 40) {
			x, y, z := babybear.Element{uint32(a)}, babybear.Element{uint32(b)}, babybear.Element{}
			if got, want := BabyBear.Mul(a, b), z.Mul(&x, &y)[0]; uint32(got) != want {
				t.Fatalf("babybear: %d·%d = %d, want %d", a, b, got, want)
			}
			if got, want := BabyBear.Sub(a, b), z.Sub(&x, &y)[0]; uint32(got) != want {
				t.Fatalf("babybear: %d-%d = %d, want %d", a, b, got, want)
			}
		}
		x := babybear.Element{uint32(a)}
		if got, want := uint64(BabyBear.Uint(a)), x.Uint64(); got != want {
			t.Fatalf("babybear: canonical %d, want %d", got, want)
		}
	}
}

func TestGroup(t *testing.T) {
	for _, f := range allFields {
		order := uint64(f.Modulus()) - 1
		for q := range primeFactors(order) {
			if f.Exp(f.Generator(), order/q) == f.One() {
				t.Errorf("%s: generator has order dividing (p-1)/%d", f.Name(), q)
			}
		}
		minusOne := f.Neg(f.One())
		for k := 1; k <= f.TwoAdicity(); k++ {
			if f.Exp2(f.Root(k), k-1) != minusOne {
				t.Errorf("%s: Root(%d) has not order 2^%d", f.Name(), k, k)
			}
		}
		if order>>f.TwoAdicity()&1 == 0 {
			t.Errorf("%s: two-adicity is above %d", f.Name(), f.TwoAdicity())
		}
		// The S-box must be a permutation, and of the least such degree.
		for d := uint64(2); d <= uint64(f.SBoxDegree()); d++ {
			coprime := new(big.Int).GCD(nil, nil, big.NewInt(int64(order)), big.NewInt(int64(d))).Int64() == 1
			if coprime != (d == uint64(f.SBoxDegree())) {
				t.Errorf("%s: x^%d is a permutation: %v", f.Name(), d, coprime)
			}
		}
	}
}

func primeFactors(n uint64) map[uint64]bool {
	out := map[uint64]bool{}
	for q := uint64(2); q*q <= n; q++ {
		for n%q == 0 {
			out[q] = true
			n /= q
		}
	}
	if n > 1 {
		out[n] = true
	}
	return out
}

func TestFromInt(t *testing.T) {
	for _, f := range allFields {
		p := big.NewInt(int64(f.Modulus()))
		for _, v := range []int64{0, 1, -1, math.MaxInt64, math.MinInt64, -int64(f.Modulus()), 12345 - 1<<40} {
			want := new(big.Int).Mod(big.NewInt(v), p)
			if got := f.FromInt(v); value(f, got).Cmp(want) != 0 {
				t.Errorf("%s: FromInt(%d) = %v, want %v", f.Name(), v, value(f, got), want)
			}
		}
		v := uint64(math.MaxUint64)
		want := new(big.Int).Mod(new(big.Int).SetUint64(v), p)
		if got := f.FromUint(v); value(f, got).Cmp(want) != 0 {
			t.Errorf("%s: FromUint(%d) = %v, want %v", f.Name(), v, value(f, got), want)
		}
	}
}

func TestBatchInv(t *testing.T) {
	for _, f := range allFields {
		all := operands(f, 40)
		for n := range all {
			a := append([]Elem{0}, all[:n]...)
			a = append(a, 0)
			got := append([]Elem(nil), a...)
			f.BatchInv(got)
			for i := range a {
				if got[i] != f.Inv(a[i]) {
					t.Errorf("%s: element %d of %d: 1/%d = %d, want %d", f.Name(), i, len(a), a[i], got[i], f.Inv(a[i]))
				}
			}
		}
		f.BatchInv(nil)
	}
}

func TestPowers(t *testing.T) {
	for _, f := range allFields {
		start, base := f.FromUint(5), f.FromUint(7)
		for i, got := range f.Powers(start, base, 20) {
			if want := f.Mul(start, f.Exp(base, uint64(i))); got != want {
				t.Errorf("%s: power %d = %d, want %d", f.Name(), i, got, want)
			}
		}
	}
}

func TestByName(t *testing.T) {
	for _, f := range allFields {
		if ByName(f.Name()) != f {
			t.Errorf("ByName(%q) is not that field", f.Name())
		}
	}
	if f := ByName("goldilocks"); f != nil {
		t.Errorf("ByName(goldilocks) = %s, want none", f.Name())
	}
}
