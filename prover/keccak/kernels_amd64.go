package keccak

import "rpp-node/prover/kernels"

//go:generate go run ./internal/gen

//go:noescape
func permuteAVX512(dst, src *uint64)

//go:noescape
func absorbAVX512(state *uint64, rows *uint32, stride, words int)

//go:noescape
func squeezeAVX512(dst *uint32, state *uint64)

//go:noescape
func compressAVX512(dst, src *uint32, groups int)

//go:noescape
func permuteAVX2(state *uint64)

//go:noescape
func absorbAVX2(state *uint64, rows *uint32, stride, words int)

//go:noescape
func squeezeAVX2(dst *uint32, state *uint64)

//go:noescape
func compressAVX2(dst, src *uint32, groups int, state *uint64)

// absorb takes up a number of words, at least one, from rows at that stride, one row for
// each state. Only a leaf's last call may have an incomplete block.
func (s *states) absorb(rows []uint32, stride, words int) {
	rows = rows[:(s.count()-1)*stride+words]
	switch s.set {
	case kernels.AVX512:
		absorbAVX512(&s.words[0], &rows[0], stride, words)
	case kernels.AVX2:
		absorbAVX2(&s.words[0], &rows[0], stride, words)
	default:
		absorbOne(s.one(), rows)
	}
}

// squeeze writes a digest for each state.
func (s *states) squeeze(dst []uint32) {
	dst = dst[:s.count()*DigestWords]
	switch s.set {
	case kernels.AVX512:
		squeezeAVX512(&dst[0], &s.words[0])
	case kernels.AVX2:
		squeezeAVX2(&dst[0], &s.words[0])
	default:
		squeezeOne(dst, s.one())
	}
}

// compress hashes pairs whose number is a positive multiple of that of the states.
func (s *states) compress(dst, src []uint32) {
	groups := len(dst) / DigestWords / s.count()
	src = src[:2*len(dst)]
	switch s.set {
	case kernels.AVX512:
		compressAVX512(&dst[0], &src[0], groups)
	case kernels.AVX2:
		compressAVX2(&dst[0], &src[0], groups, &s.words[0])
	default:
		compressEach(dst, src)
	}
}

func permuteBatch(dst, src *[25][Batch]uint64) {
	switch kernels.Active() {
	case kernels.AVX512:
		permuteAVX512(&dst[0][0], &src[0][0])
	case kernels.AVX2:
		for half := 0; half < Batch; half += 4 {
			var s [2][25][4]uint64 // the states and the kernel's scratch
			for i := range s[0] {
				s[0][i] = [4]uint64(src[i][half:])
			}
			permuteAVX2(&s[0][0][0])
			for i := range s[0] {
				copy(dst[i][half:], s[0][i][:])
			}
		}
	default:
		permuteEach(dst, src)
	}
}
