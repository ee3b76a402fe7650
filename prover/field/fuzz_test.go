package field

import (
	"math"
	"math/big"
	"testing"
)

// FuzzField compares with math/big on any words, and reduce on its whole range.
func FuzzField(f *testing.F) {
	f.Add(uint32(0), uint32(0), uint64(0))
	f.Add(uint32(0x7f000000), uint32(0x7f000000), uint64(math.MaxUint64))
	f.Add(uint32(0x78000000), uint32(1), uint64(0x7f000001<<32))
	f.Fuzz(func(t *testing.T, wa, wb uint32, x uint64) {
		for _, f := range allFields {
			p := big.NewInt(int64(f.Modulus()))
			a, b := Elem(wa%f.Modulus()), Elem(wb%f.Modulus())
			va, vb := value(f, a), value(f, b)
			for _, c := range []struct {
				what string
				got  Elem
				want *big.Int
			}{
				{"Add", f.Add(a, b), new(big.Int).Add(va, vb)},
				{"Sub", f.Sub(a, b), new(big.Int).Sub(va, vb)},
				{"Mul", f.Mul(a, b), new(big.Int).Mul(va, vb)},
			} {
				if uint32(c.got) >= f.Modulus() || value(f, c.got).Cmp(c.want.Mod(c.want, p)) != 0 {
					t.Errorf("%s: %s(%d, %d) = %d, want value %v", f.Name(), c.what, a, b, c.got, c.want)
				}
			}
			checkReduce(t, f, x%(uint64(f.Modulus())<<33))
		}
	})
}
