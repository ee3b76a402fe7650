package poseidon2

import (
	"slices"

	"rpp-node/prover/field"
	"rpp-node/prover/kernels"
	"rpp-node/prover/poseidon2/internal/plan"
)

// DigestLen is the length of the digests of rows and pairs.
const DigestLen = 8

// Segment is a part of many rows: of row i, Values[i·Stride : i·Stride + Width].
type Segment struct {
	Values        []field.Elem
	Width, Stride int
}

// row panics if the row is not within the values.
func (s *Segment) row(i int) []field.Elem { return slices.Clip(s.Values)[i*s.Stride:][:s.Width] }

// SpongeRows hashes rows as Sponge does, each the concatenation of its parts in all
// segments: digest i, of row i, is dst[8i : 8i+8]. dst overlaps no segment.
func (p *Perm) SpongeRows(dst []field.Elem, rate int, segments []Segment) {
	n := len(dst) / DigestLen
	if rate > p.width || p.width < DigestLen {
		panic("poseidon2: the rate is above the permutation's width")
	}
	if kernels.Active() == kernels.Portable {
		p.spongeEach(dst, rate, segments, 0, n)
		return
	}
	s := pool.Get().(*states)
	for at := 0; at < n; at += Lanes {
		count := min(Lanes, n-at)
		if count < Lanes && n > Lanes && p.kernels.loads(rate) {
			at, count = n-Lanes, Lanes // some rows once more: whole blocks are loaded faster
		}
		if count == 1 { // costs less than sixteen states side by side
			p.spongeEach(dst, rate, segments, at, n)
			break
		}
		p.spongeLanes(s, rate, segments, at, count)
		s.digests(dst[at*DigestLen:], count)
	}
	pool.Put(s)
}

// spongeEach hashes rows from to to one by one.
func (p *Perm) spongeEach(dst []field.Elem, rate int, segments []Segment, from, to int) {
	var buf [MaxWidth]field.Elem
	for i := from; i < to; i++ {
		clear(buf[:])
		state, at := buf[:p.width], 0
		for k := range segments {
			for part := segments[k].row(i); len(part) > 0; {
				n := copy(state[at:rate], part)
				part = part[n:]
				if at += n; at == rate {
					p.Permute(state)
					at = 0
				}
			}
		}
		if at > 0 {
			p.Permute(state)
		}
		copy(dst[i*DigestLen:][:DigestLen], state)
	}
}

// spongeLanes leaves in s the states that have absorbed count rows, up to Lanes.
func (p *Perm) spongeLanes(s *states, rate int, segments []Segment, row, count int) {
	clear(s[:p.width*Lanes])
	fast := count == Lanes && p.kernels.loads(rate)
	whole := nothing // what full blocks overwrite
	if rate == p.width-plan.Capacity {
		whole = theRate
	}
	at := 0 // elements of the current block that are absorbed
	for k := range segments {
		seg := &segments[k]
		_ = seg.row(row + count - 1) // what the kernels load lies within the segment
		used := 0
		for used < seg.Width {
			if at == 0 && fast && seg.Width-used >= rate {
				p.kernels.load(s, rate, &seg.Values[row*seg.Stride+used], seg.Stride)
				used += rate
				if seg.Width-used >= rate {
					p.permute(s, whole)
				} else {
					p.permute(s, nothing)
				}
				continue
			}
			n := min(rate-at, seg.Width-used)
			s.set(at, seg, row, count, used, n)
			used += n
			if at += n; at == rate {
				p.permute(s, nothing)
				at = 0
			}
		}
	}
	if at > 0 {
		p.permute(s, nothing)
	}
}

// set overwrites n elements of count states from at, by the elements from used of a
// segment's rows.
func (s *states) set(at int, seg *Segment, row, count, used, n int) {
	for j := range count {
		for i, v := range seg.row(row + j)[used : used+n] {
			s[(at+i)*Lanes+j] = uint32(v)
		}
	}
}

// digests writes the first elements of count states, state by state.
func (s *states) digests(dst []field.Elem, count int) {
	if count == Lanes && storeDigests(dst, s) {
		return
	}
	for j := range count {
		d := dst[j*DigestLen:][:DigestLen]
		for i := range d {
			d[i] = field.Elem(s.elem(i)[j])
		}
	}
}

// CompressPairs compresses pairs of digests, for which the width is 16: dst[8i : 8i+8] is
// the first half of the permuted src[16i : 16i+16]. dst overlaps src only if it is the
// same or lies before it.
func (p *Perm) CompressPairs(dst, src []field.Elem) {
	const pair = 2 * DigestLen
	n := len(dst) / DigestLen
	if p.width != pair || len(src) < n*pair {
		panic("poseidon2: pairs need width 16, and twice as many elements as their digests")
	}
	seg := Segment{Values: src, Width: pair, Stride: pair}
	if kernels.Active() == kernels.Portable {
		p.spongeEach(dst, pair, []Segment{seg}, 0, n)
		return
	}
	s := pool.Get().(*states)
	for at := 0; at < n; at += Lanes {
		count := min(Lanes, n-at)
		switch {
		case !p.kernels.loads(pair):
			s.set(0, &seg, at, count, 0, pair)
		case count == Lanes:
			p.kernels.load(s, pair, &src[at*pair], pair)
		default:
			p.compressTail(s, dst[at*DigestLen:][:count*DigestLen], src[at*pair:])
			continue
		}
		p.permute(s, nothing)
		s.digests(dst[at*DigestLen:], count)
	}
	pool.Put(s)
}

// compressTail compresses fewer pairs than there are lanes where blocks can be loaded: it
// makes them a block.
func (p *Perm) compressTail(s *states, dst, src []field.Elem) {
	const pair = 2 * DigestLen
	var block [Lanes * pair]field.Elem
	var digests [Lanes * DigestLen]field.Elem
	count, step := len(dst)/DigestLen, 1
	few := count <= fewLanes && p.kernels.hasFew()
	if few {
		step = 2 // from a state of even number to the next
	}
	for i := range count {
		copy(block[i*step*pair:][:pair], src[i*pair:][:pair])
	}
	p.kernels.load(s, pair, &block[0], pair)
	if few {
		p.kernels.permuteFew(s, p)
	} else {
		p.permute(s, nothing)
	}
	s.digests(digests[:], Lanes)
	for i := range count {
		copy(dst[i*DigestLen:][:DigestLen], digests[i*step*DigestLen:])
	}
}
