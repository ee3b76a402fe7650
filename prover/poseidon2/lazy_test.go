package poseidon2

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"rpp-node/prover/field"
)

// lazy is one field's lazy arithmetic.
type lazy struct {
	f                    *field.Field
	reduce, fold, sbox   func(int64) int64
	shift                func(int64, uint) int64
	maxShift             uint
	foldBase, foldFactor float64 // |fold(x)| <= foldBase + |x|·foldFactor
}

var lazies = []lazy{
	{field.KoalaBear, kbReduce, kbFold, kbSBox, kbShift, 24, 1 << 30, 1. / (1 << 7)},
	{field.BabyBear, bbReduce, bbFold, bbSBox, bbShift, 27, bbP/2 + 1, 1. / (1 << 8)},
}

// integersUpTo are both ends of [-limit, limit], what is near zero, and random ones.
func integersUpTo(limit int64) []int64 {
	out := []int64{0, 1, -1, limit, -limit, limit - 1, 1 - limit}
	rng := rand.New(rand.NewPCG(uint64(limit), 2))
	for range 2000 {
		out = append(out, (rng.Int64N(limit)-rng.Int64N(limit))>>rng.IntN(32))
	}
	return out
}

func TestLazyOperations(t *testing.T) {
	for _, l := range lazies {
		p := big.NewInt(int64(l.f.Modulus()))
		// congruent checks got·scale = want mod p, and |got| <= bound.
		congruent := func(what string, x, got int64, scale, want *big.Int, bound float64) {
			t.Helper()
			d := new(big.Int).Mul(big.NewInt(got), scale)
			if d.Sub(d, want).Mod(d, p).Sign() != 0 {
				t.Errorf("%s: %s(%d) = %d is not congruent", l.f.Name(), what, x, got)
			}
			if math.Abs(float64(got)) > bound {
				t.Errorf("%s: %s(%d) = %d, more than %g in size", l.f.Name(), what, x, got, bound)
			}
		}
		one := big.NewInt(1)
		half := float64(l.f.Modulus()) / 2
		for _, x := range integersUpTo(math.MaxInt64 - int64(l.f.Modulus())<<31) {
			congruent("Reduce", x, l.reduce(x), new(big.Int).Lsh(one, 32), big.NewInt(x), math.Abs(float64(x))/(1<<32)+half+1)
		}
		for _, x := range integersUpTo(1 << 40) {
			congruent("Fold", x, l.fold(x), one, big.NewInt(x), l.foldBase+math.Abs(float64(x))*l.foldFactor)
			for k := uint(1); k <= l.maxShift; k++ {
				bound := math.Abs(float64(x))/float64(int64(1)<<k) + 2*half
				congruent("Shift", x, l.shift(x, k), new(big.Int).Lsh(one, k), big.NewInt(x), bound)
			}
		}
		degree := int64(l.f.SBoxDegree())
		for _, x := range integersUpTo(1 << 31) {
			// Each of the degree - 1 products divides by 2^32.
			scale := new(big.Int).Lsh(one, uint(32*(degree-1)))
			congruent("SBox", x, l.sbox(x), scale, new(big.Int).Exp(big.NewInt(x), big.NewInt(degree), nil), 1<<31)
		}
	}
}

// TestBounds follows the largest sizes that lanes can have through a permutation, by
// the bounds that TestLazyOperations checks, and finds every folded S-box input below
// 2^31 and every fold's input below 2^40, the ranges which that test covers.
func TestBounds(t *testing.T) {
	for name, p := range instances {
		l := lazies[0]
		if p.f == field.BabyBear {
			l = lazies[1]
		}
		modulus := float64(p.f.Modulus())
		fold := func(x float64) float64 {
			if x > 1<<40 {
				t.Fatalf("%s: fold of %g", name, x)
			}
			return l.foldBase + x*l.foldFactor
		}
		sbox := func(x float64) float64 {
			if fold(x+modulus) > 1<<31 {
				t.Fatalf("%s: S-box of %g", name, fold(x+modulus))
			}
			return 1 << 31
		}
		growth := float64(7 * (p.width/4 + 1)) // a row's sum in the external matrix
		lane := growth * modulus
		for range fullRoundsHalf {
			lane = growth * sbox(lane)
		}
		lanes := make([]float64, p.width)
		for i := range lanes {
			lanes[i] = fold(lane)
		}
		for range p.PartialRounds() {
			rest := 0.
			for _, x := range lanes[1:] {
				rest += x
			}
			x := sbox(lanes[0])
			sum := fold(rest + x)
			lanes[0] = rest + x
			for i, v := range p.arranged.Diagonal[1:] {
				if v.Shift > 0 {
					lanes[i+1] = sum + lanes[i+1]/float64(int64(1)<<v.Shift) + modulus
				} else {
					lanes[i+1] = fold(sum + math.Abs(float64(v.Num))*lanes[i+1])
				}
			}
		}
		for _, x := range lanes {
			lane = max(lane, x)
		}
		for range fullRoundsHalf {
			lane = growth * sbox(lane)
		}
		if fold(lane) >= modulus {
			t.Errorf("%s: the last fold leaves %g, which one addition of p does not reduce", name, fold(lane))
		}
	}
}
