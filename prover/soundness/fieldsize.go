package soundness

import "math"

// Convention is a way to state the size of a challenge field in bits.
type Convention int

const (
	// Exact is log2|F|: 154.94 for KoalaBear's quintic extension, 123.95 for its quartic.
	Exact Convention = iota
	// BitLength is the length of |F| in binary, which upstream's examples pass: 155, 124.
	BitLength
	// WholeBits is log2|F| rounded down: 154, 123.
	WholeBits
)

// ExtensionBits is the size of the extension of that degree over the prime field, in
// bits. A modulus or degree that makes no field gives a figure that Analyse refuses.
func ExtensionBits(modulus uint32, degree int, c Convention) float64 {
	bits := float64(degree) * math.Log2(float64(modulus))
	switch c {
	case BitLength:
		return math.Floor(bits) + 1
	case WholeBits:
		return math.Floor(bits)
	default:
		return bits
	}
}

// ClaimCap is the ceiling of every claim of this project. A digest of 8 elements of a
// 31-bit field has a little under 248 bits, so a collision costs 2^123. The public values
// of every family hold such digests; therefore the cap stays where the trees of a profile
// are Keccak's, whose 256-bit nodes would allow 128 on their own.
const ClaimCap = 123

// CollisionBits is the collision resistance, in whole bits, of a digest that takes
// 2^digestBits values: half of them by the birthday bound, and never more than ClaimCap.
func CollisionBits(digestBits float64) float64 {
	return min(math.Floor(digestBits/2), ClaimCap)
}
