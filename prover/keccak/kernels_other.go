//go:build !amd64

package keccak

func (s *states) absorb(rows []uint32, _, words int) { absorbOne(s.one(), rows[:words]) }

func (s *states) squeeze(dst []uint32) { squeezeOne(dst, s.one()) }

func (s *states) compress(dst, src []uint32) { compressEach(dst, src) }

func permuteBatch(dst, src *[25][Batch]uint64) { permuteEach(dst, src) }
