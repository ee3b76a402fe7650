package tables

import (
	"math/bits"

	"rpp-node/prover/circuit/gadget"
)

// Shape is what a variant fixes of the circuit: a range of exactly Blocks blocks, a power
// of two, each with 2^Depth slots.
type Shape struct {
	Blocks int
	Depth  int
}

// Capacity is the number of slots of a block.
func (s Shape) Capacity() int { return 1 << s.Depth }

// Slots is the number of slots of the range.
func (s Shape) Slots() int { return s.Blocks << s.Depth }

// forest holds two trees for each block: the original one of block b is tree b, the
// pruned one tree Blocks + b.
func (s Shape) forest() gadget.Forest { return gadget.Forest{Trees: 2 * s.Blocks, Depth: s.Depth} }

// prunedOffset is the distance from a key of a block's original tree to the same key of
// its pruned tree.
func (s Shape) prunedOffset() int { return s.Blocks * s.forest().Stride() }

// The tables, in the order of the circuit.
const (
	TableChain = iota // holds all public values
	TableSlot
	TableTree
	TableSponge
	TableP2
	TableRange8
	tableCount
)

// LogHeights is the log2 of every table's height. A variant has one vector.
func (s Shape) LogHeights() []int {
	return []int{
		TableChain:  ceilLog2(s.Blocks),
		TableSlot:   ceilLog2(s.Slots()),
		TableTree:   s.forest().LogHeight(),
		TableSponge: ceilLog2(s.spongeRows()),
		TableP2:     ceilLog2(s.permutations()),
		TableRange8: gadget.Range8LogHeight,
	}
}

func ceilLog2(n int) int { return bits.Len(uint(n - 1)) }

// Blocks of the messages that one row of chain feeds.
const (
	headerBlocks  = (gadget.HeaderLen + gadget.Rate - 1) / gadget.Rate
	segmentBlocks = segmentLen / gadget.Rate
	foldBlocks    = foldLen / gadget.Rate
)

// spongeRows bounds the blocks that Sponge absorbs: a removed list of all slots is the
// longest (an empty one still takes one block).
func (s Shape) spongeRows() int {
	n := s.Slots() + s.Blocks*headerBlocks + segmentBlocks + foldBlocks
	if s.Blocks > 1 {
		n += 2 * s.Blocks // the lists of roots
	}
	return n
}

// permutations bounds the different permutations of any witness. A slot that is removed
// costs a block of the removed list, one that is kept costs inner nodes of the pruned
// tree; subtrees without a transaction cost one permutation for each level, however many
// there are.
func (s Shape) permutations() int {
	worst := 0
	for kept := range s.Capacity() + 1 {
		n := s.Capacity() - kept
		for level := 1; level <= s.Depth; level++ {
			n += (kept + 1<<level - 1) >> level
		}
		worst = max(worst, n)
	}
	leaves, original := s.Capacity(), s.Capacity()-1
	n := s.Blocks*(leaves+original+worst) + s.Depth // Depth: the empty subtrees
	return n + s.spongeRows() - s.Slots()
}
