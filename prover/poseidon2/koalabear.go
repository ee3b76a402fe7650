package poseidon2

import "rpp-node/prover/field"

// KoalaBear's lazy arithmetic (see lazy.go), p = 127·2^24 + 1.
const (
	kbP  = 0x7f000001
	kbMu = 0x81000001 // p^-1 mod 2^32
)

// kbReduce is Montgomery's reduction, x·2^-32.
func kbReduce(x int64) int64 {
	q := int64(int32(uint32(x) * kbMu))
	return (x - q*kbP) >> 32
}

// kbFold subtracts the multiple of p that is near x, taking 2^-31 for 1/p.
func kbFold(x int64) int64 { return x - (x+1<<30)>>31*kbP }

// kbShift is x/2^k for k up to 24: p = 1 mod 2^k, so subtracting the low bits times p
// clears them.
func kbShift(x int64, k uint) int64 { return (x - x&(1<<k-1)*kbP) >> k }

// kbSBox is x^3.
func kbSBox(x int64) int64 { return kbReduce(kbReduce(x*x) * x) }

// kbFull is one full round.
func kbFull(s []int64, rc []field.Elem) {
	rc = rc[:len(s)]
	for i, x := range s {
		s[i] = kbSBox(kbFold(x + int64(rc[i])))
	}
	external(s)
}

// kbStore writes the reduced state.
func kbStore(dst []field.Elem, s []int64) {
	s = s[:len(dst)]
	for i := range dst {
		r := kbFold(s[i])
		dst[i] = field.Elem(r + r>>63&kbP)
	}
}

// kbPartial16 are the partial rounds of width 16.
func kbPartial16(s *[16]int64, rc []field.Elem) {
	for i := range s {
		s[i] = kbFold(s[i])
	}
	x := s[0]
	for _, c := range rc {
		rest := ((s[1] + s[2]) + (s[3] + s[4])) + ((s[5] + s[6]) + (s[7] + s[8])) +
			((s[9] + s[10]) + (s[11] + s[12])) + (s[13] + s[14] + s[15])
		x = kbSBox(kbFold(x + int64(c)))
		sum := kbFold(rest + x)
		x = rest - x // sum - 2x
		s[1] = kbFold(sum + s[1])
		s[2] = kbFold(sum + 2*s[2])
		s[3] = sum + kbShift(s[3], 1)
		s[4] = kbFold(sum + 3*s[4])
		s[5] = kbFold(sum + 4*s[5])
		s[6] = sum - kbShift(s[6], 1)
		s[7] = kbFold(sum - 3*s[7])
		s[8] = kbFold(sum - 4*s[8])
		s[9] = sum + kbShift(s[9], 8)
		s[10] = sum + kbShift(s[10], 3)
		s[11] = sum + kbShift(s[11], 24)
		s[12] = sum - kbShift(s[12], 8)
		s[13] = sum - kbShift(s[13], 3)
		s[14] = sum - kbShift(s[14], 4)
		s[15] = sum - kbShift(s[15], 24)
	}
	s[0] = x
}

// kbPartial24 are the partial rounds of width 24.
func kbPartial24(s *[24]int64, rc []field.Elem) {
	for i := range s {
		s[i] = kbFold(s[i])
	}
	x := s[0]
	for _, c := range rc {
		rest := ((s[1] + s[2]) + (s[3] + s[4])) + ((s[5] + s[6]) + (s[7] + s[8])) +
			((s[9] + s[10]) + (s[11] + s[12])) + ((s[13] + s[14]) + (s[15] + s[16])) +
			((s[17] + s[18]) + (s[19] + s[20])) + (s[21] + s[22] + s[23])
		x = kbSBox(kbFold(x + int64(c)))
		sum := kbFold(rest + x)
		x = rest - x // sum - 2x
		s[1] = kbFold(sum + s[1])
		s[2] = kbFold(sum + 2*s[2])
		s[3] = sum + kbShift(s[3], 1)
		s[4] = kbFold(sum + 3*s[4])
		s[5] = kbFold(sum + 4*s[5])
		s[6] = sum - kbShift(s[6], 1)
		s[7] = kbFold(sum - 3*s[7])
		s[8] = kbFold(sum - 4*s[8])
		s[9] = sum + kbShift(s[9], 8)
		s[10] = sum + kbShift(s[10], 2)
		s[11] = sum + kbShift(s[11], 3)
		s[12] = sum + kbShift(s[12], 4)
		s[13] = sum + kbShift(s[13], 5)
		s[14] = sum + kbShift(s[14], 6)
		s[15] = sum + kbShift(s[15], 24)
		s[16] = sum - kbShift(s[16], 8)
		s[17] = sum - kbShift(s[17], 3)
		s[18] = sum - kbShift(s[18], 4)
		s[19] = sum - kbShift(s[19], 5)
		s[20] = sum - kbShift(s[20], 6)
		s[21] = sum - kbShift(s[21], 7)
		s[22] = sum - kbShift(s[22], 9)
		s[23] = sum - kbShift(s[23], 24)
	}
	s[0] = x
}
