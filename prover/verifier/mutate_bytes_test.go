package verifier_test

import (
	"math/rand/v2"
	"slices"
)

// byteMutant makes mutant k of a proof's bytes. Kinds take turns; where in the proof they
// strike is drawn.
func byteMutant(rng *rand.Rand, k int, b, other []byte) []byte {
	at := rng.IntN(len(b))
	switch k % 8 {
	case 0, 1: // a bit flips
		out := slices.Clone(b)
		out[at] ^= 1 << rng.IntN(8)
		return out
	case 2: // a byte changes
		out := slices.Clone(b)
		out[at] = byte(rng.Uint32())
		return out
	case 3: // the end is missing
		return b[:at]
	case 4: // another valid proof from here on
		return slices.Concat(b[:at], other[min(at, len(other)):])
	case 5: // a window of another valid proof
		out := slices.Clone(b)
		copy(out[at:], other[min(at, len(other)):min(at+1+rng.IntN(64), len(other))])
		return out
	case 6: // a byte becomes a varint of the same value with one byte too many
		if b[at] >= 0x80 {
			return append(slices.Clone(b), byte(rng.Uint32()))
		}
		out := slices.Insert(slices.Clone(b), at+1, 0x00)
		out[at] |= 0x80
		return out
	default: // bytes go missing or come in
		if n := 1 + rng.IntN(8); rng.IntN(2) == 0 {
			return slices.Delete(slices.Clone(b), at, min(at+n, len(b)))
		} else {
			return slices.Insert(slices.Clone(b), at, make([]byte, n)...)
		}
	}
}
