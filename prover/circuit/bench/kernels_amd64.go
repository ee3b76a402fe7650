package bench

import (
	"rpp-node/prover/field"
	"rpp-node/prover/kernels"
)

//go:generate go run ./internal/gen

//go:noescape
func transposeAVX2(dst, src *field.Elem, dstStride, srcStride int)

//go:noescape
func transposeAVX512(dst, src *field.Elem, dstStride, srcStride int)

//go:noescape
func sboxesKBAVX2(dst, registers, src, constants *field.Elem)

//go:noescape
func sboxesKBAVX512(dst, registers, src, constants *field.Elem)

//go:noescape
func sboxesBBAVX2(dst, registers, src, constants *field.Elem)

//go:noescape
func sboxesBBAVX512(dst, registers, src, constants *field.Elem)

//go:noescape
func externalKBAVX2(dst, src *field.Elem)

//go:noescape
func externalKBAVX512(dst, src *field.Elem)

//go:noescape
func externalBBAVX2(dst, src *field.Elem)

//go:noescape
func externalBBAVX512(dst, src *field.Elem)

//go:noescape
func partialKBAVX2(columns, state, constants *field.Elem, rounds int)

//go:noescape
func partialKBAVX512(columns, state, constants *field.Elem, rounds int)

//go:noescape
func partialBBAVX2(columns, state, constants *field.Elem, rounds int)

//go:noescape
func partialBBAVX512(columns, state, constants *field.Elem, rounds int)

// The kernels for KoalaBear and for BabyBear.
var (
	columnsAVX2 = [2]columnKernels{
		{8, transposeAVX2, sboxesKBAVX2, externalKBAVX2, partialKBAVX2},
		{8, transposeAVX2, sboxesBBAVX2, externalBBAVX2, partialBBAVX2},
	}
	columnsAVX512 = [2]columnKernels{
		{16, transposeAVX512, sboxesKBAVX512, externalKBAVX512, partialKBAVX512},
		{16, transposeAVX512, sboxesBBAVX512, externalBBAVX512, partialBBAVX512},
	}
)

// kernels returns the active kernels for this instance, or nil.
func (p *Permutation) kernels() *columnKernels {
	if p.perm.Width() != kernelWidth {
		return nil
	}
	i := 0
	if p.perm.Field() == field.BabyBear {
		i = 1
	}
	switch kernels.Active() {
	case kernels.AVX512:
		return &columnsAVX512[i]
	case kernels.AVX2:
		return &columnsAVX2[i]
	}
	return nil
}

//go:noescape
func bitsAVX2(dst *field.Elem, lanes *uint64, n int, one field.Elem)

//go:noescape
func bitsAVX512(dst *field.Elem, lanes *uint64, n int, one field.Elem)

//go:noescape
func limbsKBAVX2(dst *field.Elem, lanes *uint64, n int)

//go:noescape
func limbsKBAVX512(dst *field.Elem, lanes *uint64, n int)

//go:noescape
func limbsBBAVX2(dst *field.Elem, lanes *uint64, n int)

//go:noescape
func limbsBBAVX512(dst *field.Elem, lanes *uint64, n int)

// putBits writes the bits of at least one lane, 64 columns each, lowest first.
func putBits(f *field.Field, dst []field.Elem, lanes []uint64) {
	dst = dst[:len(lanes)*laneBits]
	switch kernels.Active() {
	case kernels.AVX512:
		bitsAVX512(&dst[0], &lanes[0], len(lanes), f.One())
	case kernels.AVX2:
		bitsAVX2(&dst[0], &lanes[0], len(lanes), f.One())
	default:
		eachBit(f, dst, lanes)
	}
}

// putLimbs writes the limbs of at least one lane, lowest first.
func putLimbs(f *field.Field, dst []field.Elem, lanes []uint64) {
	dst = dst[:len(lanes)*laneLimbs]
	koala := f == field.KoalaBear
	switch set := kernels.Active(); {
	case set == kernels.AVX512 && koala:
		limbsKBAVX512(&dst[0], &lanes[0], len(lanes))
	case set == kernels.AVX512:
		limbsBBAVX512(&dst[0], &lanes[0], len(lanes))
	case set == kernels.AVX2 && koala:
		limbsKBAVX2(&dst[0], &lanes[0], len(lanes))
	case set == kernels.AVX2:
		limbsBBAVX2(&dst[0], &lanes[0], len(lanes))
	default:
		eachLimb(f, dst, lanes)
	}
}
