package keccak

import "rpp-node/prover/kernels"

// maxStates is the largest number of states that a kernel takes at once.
const maxStates = 8

// states are the states of several leaves that a kernel set permutes together, as many as
// count says.
type states struct {
	set kernels.Set
	// words is in the kernels' own layout: lane after lane, each with one element for
	// every state; AVX2, which cannot keep four states in registers, has room for
	// another four behind them.
	words [25 * maxStates]uint64
	// block holds a block of each leaf, one leaf after the other.
	block [maxStates * blockWords]uint32
}

// count is the number of states.
func (s *states) count() int {
	return [...]int{kernels.Portable: 1, kernels.AVX2: 4, kernels.AVX512: 8}[s.set]
}

func (s *states) clear() { s.words = [25 * maxStates]uint64{} }

// mostWords bounds what a call of a kernel absorbs of a leaf: such a call cannot be
// preempted.
const mostWords = 256 * blockWords

// leaves absorbs n leaves from that one on. Whole blocks of one segment, and its end if it
// ends the leaf, go from where they lie into the states; a block that straddles segments,
// and all blocks of fewer leaves than there are states, are gathered first.
func (s *states) leaves(segments []Segment, from, n int) {
	gathered := 0 // words of each leaf in s.block
	for i, seg := range segments {
		base := from * seg.Stride
		for at := 0; at < seg.Width; {
			left := seg.Width - at
			if gathered == 0 && n == s.count() {
				if i < len(segments)-1 {
					left -= left % blockWords
				}
				if left > 0 {
					left = min(left, mostWords)
					s.absorb(seg.Words[base+at:], seg.Stride, left)
					at += left
					continue
				}
				left = seg.Width - at
			}
			take := min(left, blockWords-gathered)
			for k := range n {
				row := seg.Words[base+k*seg.Stride+at:]
				copy(s.block[k*blockWords+gathered:], row[:take])
			}
			at += take
			gathered += take
			if gathered == blockWords {
				s.absorb(s.block[:], blockWords, gathered)
				gathered = 0
			}
		}
	}
	if gathered > 0 {
		s.absorb(s.block[:], blockWords, gathered)
	}
}

// digests writes the leaves' digests, as many as dst has room for.
func (s *states) digests(dst []uint32) {
	if len(dst) >= s.count()*DigestWords {
		s.squeeze(dst)
		return
	}
	var all [maxStates * DigestWords]uint32
	s.squeeze(all[:])
	copy(dst, all[:])
}

// one is the only state of the portable set.
func (s *states) one() *[25]uint64 { return (*[25]uint64)(s.words[:25]) }

// absorbOne is absorb for one state.
func absorbOne(a *[25]uint64, row []uint32) {
	for len(row) > 0 {
		block := row[:min(len(row), blockWords)]
		row = row[len(block):]
		i := 0
		for ; len(block) > 1; block = block[2:] {
			a[i] = uint64(block[0]) | uint64(block[1])<<32
			i++
		}
		if len(block) > 0 {
			a[i] = uint64(block[0])
		}
		Permute(a)
	}
}

// squeezeOne is squeeze for one state.
func squeezeOne(dst []uint32, a *[25]uint64) {
	for i, v := range a[:DigestWords/2] {
		dst[2*i], dst[2*i+1] = uint32(v), uint32(v>>32)
	}
}

// compressEach is compress, one pair after another.
func compressEach(dst, src []uint32) {
	for ; len(dst) > 0; dst, src = dst[DigestWords:], src[2*DigestWords:] {
		var a [25]uint64
		absorbOne(&a, src[:2*DigestWords])
		squeezeOne(dst, &a)
	}
}
