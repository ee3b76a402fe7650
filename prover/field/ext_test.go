package field

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/consensys/gnark-crypto/field/babybear"
	bbext "github.com/consensys/gnark-crypto/field/babybear/extensions"
	"github.com/consensys/gnark-crypto/field/koalabear"
	kbext "github.com/consensys/gnark-crypto/field/koalabear/extensions"
)

// extensions are all of them, each with its rule X^D = Σ terms[i]·X^i.
var extensions = []struct {
	x     *Ext
	terms map[int]int64
}{
	{KoalaBear4, map[int]int64{0: 3}},
	{KoalaBear5, map[int]int64{0: 1, 2: -1}},
	{BabyBear4, map[int]int64{0: 11}},
}

// extOperands are elements with extreme coefficients, then random ones.
func extOperands(x *Ext, count int) []E {
	last := Elem(x.Base.Modulus() - 1)
	out := []E{{}, x.One(), x.Neg(x.One())}
	for i := range x.D {
		out = append(out, x.Monomial(i))
	}
	var full E
	for i := range x.D {
		full[i] = last
	}
	out = append(out, full)
	rng := rand.New(rand.NewPCG(uint64(last), uint64(x.D)))
	for len(out) < count {
		var e E
		for i := range x.D {
			e[i] = Elem(rng.Uint32N(uint32(last) + 1))
		}
		out = append(out, e)
	}
	return out
}

// slowMul multiplies the polynomials term by term and then replaces the powers from
// X^D on, highest first.
func slowMul(x *Ext, terms map[int]int64, a, b E) E {
	f := x.Base
	var product [2 * MaxDegree]Elem
	for i, u := range a {
		for j, v := range b {
			product[i+j] = f.Add(product[i+j], f.Mul(u, v))
		}
	}
	for k := len(product) - 1; k >= x.D; k-- {
		for i, c := range terms {
			product[k-x.D+i] = f.Add(product[k-x.D+i], f.Mul(product[k], f.FromInt(c)))
		}
		product[k] = 0
	}
	return E(product[:MaxDegree])
}

func TestExtMul(t *testing.T) {
	for _, c := range extensions {
		for _, a := range extOperands(c.x, 40) {
			for _, b := range extOperands(c.x, 40) {
				got, want := c.x.Mul(a, b), slowMul(c.x, c.terms, a, b)
				if got != want {
					t.Fatalf("%s degree %d: %d·%d = %d, want %d", c.x.Base.Name(), c.x.D, a, b, got, want)
				}
				inA, inB, square := a, b, slowMul(c.x, c.terms, a, a)
				c.x.MulTo(&inA, &inA, &b)
				c.x.MulTo(&inB, &a, &inB)
				same := a
				c.x.MulTo(&same, &same, &same)
				if inA != want || inB != want || same != square {
					t.Fatalf("%s degree %d: %d·%d in place = %d, %d, square %d", c.x.Base.Name(), c.x.D, a, b, inA, inB, same)
				}
			}
		}
	}
}

func TestExtMaps(t *testing.T) {
	for _, c := range extensions {
		x := c.x
		p := uint64(x.Base.Modulus())
		for _, a := range extOperands(x, 20) {
			power := a
			for k := range x.D {
				if got := x.Frobenius(a, k); got != power {
					t.Errorf("degree %d: Frobenius(%d, %d) = %d, want %d", x.D, a, k, got, power)
				}
				power = x.Exp(power, p)
			}
			if power != a {
				t.Errorf("degree %d: a^(p^D) = %d, want %d", x.D, power, a)
			}
			want := x.One()
			if a == (E{}) {
				want = E{}
			}
			if got := x.Mul(a, x.Inv(a)); got != want {
				t.Errorf("degree %d: %d times its inverse = %d", x.D, a, got)
			}
			if got := x.Square(a); got != x.Mul(a, a) {
				t.Errorf("degree %d: Square(%d) = %d", x.D, a, got)
			}
			if got := x.Exp2(a, 5); got != x.Exp(a, 32) {
				t.Errorf("degree %d: Exp2(%d, 5) = %d", x.D, a, got)
			}
			b := x.Base.FromUint(12345)
			if got := x.MulBase(a, b); got != x.Mul(a, x.FromBase(b)) {
				t.Errorf("degree %d: MulBase(%d) = %d", x.D, a, got)
			}
			if x.AddBase(a, b) != x.Add(a, x.FromBase(b)) || x.SubBase(a, b) != x.Sub(a, x.FromBase(b)) {
				t.Errorf("degree %d: AddBase or SubBase of %d", x.D, a)
			}
			if x.Add(a, x.Neg(a)) != (E{}) || x.Sub(a, a) != (E{}) {
				t.Errorf("degree %d: %d less itself is not 0", x.D, a)
			}
		}
	}
}

// TestExtIsField is Rabin's test that the modulus is irreducible: X^(p^D) = X (which
// TestExtMaps checks of every element), and X^(p^k) - X is a unit for k = D/q, q prime.
func TestExtIsField(t *testing.T) {
	for _, c := range extensions {
		x := c.x
		for q := range primeFactors(uint64(x.D)) {
			d := x.Sub(x.Frobenius(x.Monomial(1), x.D/int(q)), x.Monomial(1))
			if x.Mul(d, x.Inv(d)) != x.One() {
				t.Errorf("degree %d: X^(p^(D/%d)) - X is not a unit", x.D, q)
			}
		}
	}
}

func TestExtBatchInv(t *testing.T) {
	for _, c := range extensions {
		x := c.x
		all := extOperands(x, 20)
		for n := range all {
			a := append(append([]E{{}}, all[:n]...), E{})
			got := append([]E(nil), a...)
			x.BatchInv(got)
			for i := range a {
				if got[i] != x.Inv(a[i]) {
					t.Errorf("degree %d: element %d of %d: %d, want %d", x.D, i, len(a), got[i], x.Inv(a[i]))
				}
			}
		}
		x.BatchInv(nil)
	}
}

func TestExtPowersAndBasis(t *testing.T) {
	for _, c := range extensions {
		x := c.x
		elements := extOperands(x, 20)
		base := elements[len(elements)-1]
		for i, got := range x.Powers(base, 10) {
			if want := x.Exp(base, uint64(i)); got != want {
				t.Errorf("degree %d: power %d = %d, want %d", x.D, i, got, want)
			}
		}
		// The basis coefficients of an element put it together again.
		coefficients := make([]E, x.D)
		for i := range coefficients {
			coefficients[i] = x.FromBase(base[i])
		}
		if got := x.FromBasis(coefficients); got != base {
			t.Errorf("degree %d: FromBasis = %d, want %d", x.D, got, base)
		}
	}
}

func TestExtOf(t *testing.T) {
	for _, c := range extensions {
		if ExtOf(c.x.Base, c.x.D) != c.x {
			t.Errorf("ExtOf(%s, %d) is not that extension", c.x.Base.Name(), c.x.D)
		}
	}
	if ExtOf(BabyBear, 5) != nil || ExtOf(KoalaBear, 8) != nil || ExtOf(KoalaBear, 1) != nil {
		t.Error("ExtOf returns an extension that is not there")
	}
}

// gnark-crypto builds degree 4 as a tower F[u]/(u²-W)[v]/(v²-u), so X = v and the
// coefficients of X and X² change places.
func koalaTower(e E) kbext.E4 {
	return kbext.E4{
		B0: kbext.E2{A0: koalabear.Element{uint32(e[0])}, A1: koalabear.Element{uint32(e[2])}},
		B1: kbext.E2{A0: koalabear.Element{uint32(e[1])}, A1: koalabear.Element{uint32(e[3])}},
	}
}

func babyTower(e E) bbext.E4 {
	return bbext.E4{
		B0: bbext.E2{A0: babybear.Element{uint32(e[0])}, A1: babybear.Element{uint32(e[2])}},
		B1: bbext.E2{A0: babybear.Element{uint32(e[1])}, A1: babybear.Element{uint32(e[3])}},
	}
}

func TestExtAgainstGnark(t *testing.T) {
	for _, a := range extOperands(KoalaBear4, 40) {
		u := koalaTower(a)
		for _, b := range extOperands(KoalaBear4, 40) {
			v := koalaTower(b)
			var z kbext.E4
			if got := KoalaBear4.Mul(a, b); koalaTower(got) != *z.Mul(&u, &v) {
				t.Fatalf("koalabear: %d·%d = %d", a, b, got)
			}
		}
		var z kbext.E4
		if got := KoalaBear4.Inv(a); koalaTower(got) != *z.Inverse(&u) {
			t.Fatalf("koalabear: 1/%d = %d", a, got)
		}
	}
	for _, a := range extOperands(BabyBear4, 40) {
		u := babyTower(a)
		for _, b := range extOperands(BabyBear4, 40) {
			v := babyTower(b)
			var z bbext.E4
			if got := BabyBear4.Mul(a, b); babyTower(got) != *z.Mul(&u, &v) {
				t.Fatalf("babybear: %d·%d = %d", a, b, got)
			}
		}
		var z bbext.E4
		if got := BabyBear4.Inv(a); babyTower(got) != *z.Inverse(&u) {
			t.Fatalf("babybear: 1/%d = %d", a, got)
		}
	}
}

func BenchmarkExtScalar(b *testing.B) {
	for _, x := range []*Ext{KoalaBear4, KoalaBear5} {
		all := extOperands(x, 100)
		acc, z := all[50], all[51]
		for _, op := range []struct {
			name string
			run  func()
		}{
			{"Mul", func() { acc = x.Mul(acc, z) }},
			{"MulTo", func() { x.MulTo(&acc, &acc, &z) }},
			{"Add", func() { acc = x.Add(acc, z) }},
			{"Inv", func() { acc = x.Inv(acc) }},
		} {
			b.Run(fmt.Sprintf("%s/degree=%d", op.name, x.D), func(b *testing.B) {
				for b.Loop() {
					op.run()
				}
			})
		}
	}
}
