//go:build !amd64

package bench

import "rpp-node/prover/field"

func (p *Permutation) kernels() *columnKernels { return nil }

func putBits(f *field.Field, dst []field.Elem, lanes []uint64) { eachBit(f, dst, lanes) }

func putLimbs(f *field.Field, dst []field.Elem, lanes []uint64) { eachLimb(f, dst, lanes) }
