package poseidon2

import (
	"sync"
	"unsafe"

	"rpp-node/prover/field"
	"rpp-node/prover/poseidon2/internal/plan"
)

// Lanes is how many states a kernel permutes at a time.
const Lanes = plan.Lanes

// states are Lanes states side by side: element i of state j is word i·Lanes + j. Behind
// them lies the kernels' scratch. They are made on cache lines, in which the kernels load
// and store.
type states [plan.BufferBytes / 4]uint32

const cacheLine = 64

var pool = sync.Pool{New: func() any {
	raw := make([]byte, plan.BufferBytes+cacheLine)
	at := -uintptr(unsafe.Pointer(unsafe.SliceData(raw))) % cacheLine
	return (*states)(unsafe.Pointer(&raw[at]))
}}

// elem is element i of all states.
func (s *states) elem(i int) *[Lanes]uint32 { return (*[Lanes]uint32)(s[i*Lanes:]) }

// overwritten says which elements of permuted states are needed.
type overwritten uint64

const (
	nothing overwritten = iota
	theRate             // the elements before the last plan.Capacity will be overwritten
)

// permute permutes all states.
func (p *Perm) permute(s *states, o overwritten) {
	if p.kernels.permute(s, p, o) {
		return
	}
	var state [MaxWidth]field.Elem
	for j := range Lanes {
		for i := range p.width {
			state[i] = field.Elem(s.elem(i)[j])
		}
		p.Permute(state[:p.width])
		for i := range p.width {
			s.elem(i)[j] = uint32(state[i])
		}
	}
}

// fewLanes is how many states a kernel for few of them permutes.
const fewLanes = Lanes / 2

// PermuteOne is Permute by the fastest way to permute a single state.
func (p *Perm) PermuteOne(state []field.Elem) {
	if len(state) != p.width {
		panic("poseidon2: the state's length is not the permutation's width")
	}
	if !p.kernels.hasFew() {
		p.Permute(state)
		return
	}
	s := pool.Get().(*states)
	for i, v := range state {
		s.elem(i)[0] = uint32(v)
	}
	p.kernels.permuteFew(s, p)
	for i := range state {
		state[i] = field.Elem(s.elem(i)[0])
	}
	pool.Put(s)
}

// PermuteLanes permutes Lanes states, given side by side: element i of state j is
// elems[i·Lanes + j].
func (p *Perm) PermuteLanes(elems []field.Elem) {
	if len(elems) != p.width*Lanes {
		panic("poseidon2: the length of the states is not that of as many as there are lanes")
	}
	s := pool.Get().(*states)
	w := words(elems)
	copy(s[:], w)
	p.permute(s, nothing)
	copy(w, s[:])
	pool.Put(s)
}

// words are the Montgomery words of elements.
func words(v []field.Elem) []uint32 {
	return unsafe.Slice((*uint32)(unsafe.SliceData(v)), len(v))
}
