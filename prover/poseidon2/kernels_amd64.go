package poseidon2

import (
	"unsafe"

	"golang.org/x/sys/cpu"

	"rpp-node/prover/field"
	"rpp-node/prover/kernels"
	"rpp-node/prover/poseidon2/internal/plan"
)

//go:generate go run ./internal/gen

// hasIFMA: the AVX-512 kernels multiply integers of 52 bits. Processors that have AVX-512
// without these (before Ice Lake) run the AVX2 ones.
var hasIFMA = cpu.X86.HasAVX512IFMA

// kernelSet are an instance's kernels.
type kernelSet struct {
	avx512 func(words *uint32, table *uint64, skip uint64)
	few    func(words *uint32, table *uint64, skip uint64) // of avx512, for fewLanes states
	avx2   func(words, constants *uint32)
}

func kernelsOf(name plan.Name) kernelSet {
	return map[plan.Name]kernelSet{
		"KB16": {permuteKB16AVX512, permuteFewKB16AVX512, permuteKB16AVX2},
		"KB24": {permuteKB24AVX512, permuteFewKB24AVX512, permuteKB24AVX2},
		"BB16": {permuteBB16AVX512, permuteFewBB16AVX512, permuteBB16AVX2},
		"BB24": {permuteBB24AVX512, permuteFewBB24AVX512, permuteBB24AVX2},
	}[name]
}

//go:noescape
func permuteKB16AVX2(words, constants *uint32)

//go:noescape
func permuteKB16AVX512(words *uint32, table *uint64, skip uint64)

//go:noescape
func permuteKB24AVX2(words, constants *uint32)

//go:noescape
func permuteKB24AVX512(words *uint32, table *uint64, skip uint64)

//go:noescape
func permuteBB16AVX2(words, constants *uint32)

//go:noescape
func permuteBB16AVX512(words *uint32, table *uint64, skip uint64)

//go:noescape
func permuteBB24AVX2(words, constants *uint32)

//go:noescape
func permuteBB24AVX512(words *uint32, table *uint64, skip uint64)

//go:noescape
func permuteFewKB16AVX512(words *uint32, table *uint64, skip uint64)

//go:noescape
func permuteFewKB24AVX512(words *uint32, table *uint64, skip uint64)

//go:noescape
func permuteFewBB16AVX512(words *uint32, table *uint64, skip uint64)

//go:noescape
func permuteFewBB24AVX512(words *uint32, table *uint64, skip uint64)

//go:noescape
func loadRows16AVX512(words, rows *uint32, stride uintptr)

//go:noescape
func loadRows8AVX512(words, rows *uint32, stride uintptr)

//go:noescape
func storeDigestsAVX512(digests, words *uint32)

// permute permutes s, or reports that there is no kernel.
func (k *kernelSet) permute(s *states, p *Perm, o overwritten) bool {
	switch set := kernels.Active(); {
	case set == kernels.AVX512 && hasIFMA:
		k.avx512(&s[0], &p.table[0], uint64(o))
	case set >= kernels.AVX2:
		k.avx2(&s[0], &words(p.flat)[0])
	default:
		return false
	}
	return true
}

// hasFew reports whether permuteFew has a kernel.
func (k *kernelSet) hasFew() bool { return kernels.Active() == kernels.AVX512 && hasIFMA }

// permuteFew permutes the states of even numbers. It may write anything to the others.
func (k *kernelSet) permuteFew(s *states, p *Perm) { k.few(&s[0], &p.table[0], 0) }

// loads reports whether load has a kernel for blocks of rate elements.
func (k *kernelSet) loads(rate int) bool {
	return kernels.Active() == kernels.AVX512 && hasIFMA && (rate == 16 || rate == 8)
}

// load overwrites the first rate elements of all states by as many from each of Lanes
// rows, stride elements apart.
func (k *kernelSet) load(s *states, rate int, rows *field.Elem, stride int) {
	first, step := (*uint32)(rows), uintptr(stride)*unsafe.Sizeof(*rows)
	if rate == 16 {
		loadRows16AVX512(&s[0], first, step)
	} else {
		loadRows8AVX512(&s[0], first, step)
	}
}

// storeDigests writes the digests of all states, or reports that there is no kernel.
func storeDigests(dst []field.Elem, s *states) bool {
	if kernels.Active() != kernels.AVX512 || !hasIFMA {
		return false
	}
	_ = dst[Lanes*DigestLen-1]
	storeDigestsAVX512((*uint32)(&dst[0]), &s[0])
	return true
}
