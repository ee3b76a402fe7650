package poseidon2

import "rpp-node/prover/field"

// BabyBear's lazy arithmetic (see lazy.go), p = 15·2^27 + 1.
const (
	bbP  = 0x78000001
	bbMu = 0x88000001 // p^-1 mod 2^32
)

// bbReduce is Montgomery's reduction, x·2^-32.
func bbReduce(x int64) int64 {
	q := int64(int32(uint32(x) * bbMu))
	return (x - q*bbP) >> 32
}

// bbFold subtracts the multiple of p that is near x, taking (1 + 2^-4)·2^-31 for
// 1/p.
func bbFold(x int64) int64 { return x - (x+x>>4+1<<30)>>31*bbP }

// bbShift is x/2^k for k up to 27: p = 1 mod 2^k, so subtracting the low bits times p
// clears them.
func bbShift(x int64, k uint) int64 { return (x - x&(1<<k-1)*bbP) >> k }

// bbSBox is x^7.
func bbSBox(x int64) int64 {
	x2 := bbReduce(x * x)
	return bbReduce(bbReduce(x2*x) * bbReduce(x2*x2))
}

// bbFull is one full round.
func bbFull(s []int64, rc []field.Elem) {
	rc = rc[:len(s)]
	for i, x := range s {
		s[i] = bbSBox(bbFold(x + int64(rc[i])))
	}
	external(s)
}

// bbStore writes the reduced state.
func bbStore(dst []field.Elem, s []int64) {
	s = s[:len(dst)]
	for i := range dst {
		r := bbFold(s[i])
		dst[i] = field.Elem(r + r>>63&bbP)
	}
}

// bbPartial16 are the partial rounds of width 16.
func bbPartial16(s *[16]int64, rc []field.Elem) {
	for i := range s {
		s[i] = bbFold(s[i])
	}
	x := s[0]
	for _, c := range rc {
		rest := ((s[1] + s[2]) + (s[3] + s[4])) + ((s[5] + s[6]) + (s[7] + s[8])) +
			((s[9] + s[10]) + (s[11] + s[12])) + (s[13] + s[14] + s[15])
		x = bbSBox(bbFold(x + int64(c)))
		sum := bbFold(rest + x)
		x = rest - x // sum - 2x
		s[1] = bbFold(sum + s[1])
		s[2] = bbFold(sum + 2*s[2])
		s[3] = sum + bbShift(s[3], 1)
		s[4] = bbFold(sum + 3*s[4])
		s[5] = bbFold(sum + 4*s[5])
		s[6] = sum - bbShift(s[6], 1)
		s[7] = bbFold(sum - 3*s[7])
		s[8] = bbFold(sum - 4*s[8])
		s[9] = sum + bbShift(s[9], 8)
		s[10] = sum + bbShift(s[10], 2)
		s[11] = sum + bbShift(s[11], 3)
		s[12] = sum + bbShift(s[12], 27)
		s[13] = sum - bbShift(s[13], 8)
		s[14] = sum - bbShift(s[14], 4)
		s[15] = sum - bbShift(s[15], 27)
	}
	s[0] = x
}

// bbPartial24 are the partial rounds of width 24.
func bbPartial24(s *[24]int64, rc []field.Elem) {
	for i := range s {
		s[i] = bbFold(s[i])
	}
	x := s[0]
	for _, c := range rc {
		rest := ((s[1] + s[2]) + (s[3] + s[4])) + ((s[5] + s[6]) + (s[7] + s[8])) +
			((s[9] + s[10]) + (s[11] + s[12])) + ((s[13] + s[14]) + (s[15] + s[16])) +
			((s[17] + s[18]) + (s[19] + s[20])) + (s[21] + s[22] + s[23])
		x = bbSBox(bbFold(x + int64(c)))
		sum := bbFold(rest + x)
		x = rest - x // sum - 2x
		s[1] = bbFold(sum + s[1])
		s[2] = bbFold(sum + 2*s[2])
		s[3] = sum + bbShift(s[3], 1)
		s[4] = bbFold(sum + 3*s[4])
		s[5] = bbFold(sum + 4*s[5])
		s[6] = sum - bbShift(s[6], 1)
		s[7] = bbFold(sum - 3*s[7])
		s[8] = bbFold(sum - 4*s[8])
		s[9] = sum + bbShift(s[9], 8)
		s[10] = sum + bbShift(s[10], 2)
		s[11] = sum + bbShift(s[11], 3)
		s[12] = sum + bbShift(s[12], 4)
		s[13] = sum + bbShift(s[13], 7)
		s[14] = sum + bbShift(s[14], 9)
		s[15] = sum + bbShift(s[15], 27)
		s[16] = sum - bbShift(s[16], 8)
		s[17] = sum - bbShift(s[17], 2)
		s[18] = sum - bbShift(s[18], 3)
		s[19] = sum - bbShift(s[19], 4)
		s[20] = sum - bbShift(s[20], 5)
		s[21] = sum - bbShift(s[21], 6)
		s[22] = sum - bbShift(s[22], 7)
		s[23] = sum - bbShift(s[23], 27)
	}
	s[0] = x
}
