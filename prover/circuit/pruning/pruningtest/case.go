package pruningtest

import (
	"fmt"
	"slices"

	"rpp-node/prover/circuit/gadget"
	"rpp-node/prover/circuit/pruning"
	"rpp-node/prover/circuit/pruning/internal/tables"
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
)

// Case is an attempt to prove something false. Traces have the heights of the variant.
type Case struct {
	Name    string
	Breaks  string // what circuits must never prove
	Caught  string // where the check sees it: "table X" or "bus X"
	Variant pruning.Variant
	Traces  []matrix.Matrix
	Publics [][]field.Elem // what the liar claims
	Base    [][]field.Elem // what an honest prover of the same blocks would claim
}

// What must never be proven (and, first, that by which all of it would fall).
const (
	FalseHash       = "a digest of something else"
	UndeclaredDrop  = "an undeclared drop"
	Reordering      = "a reordering"
	OtherRange      = "another range's proof"
	FalseConclusion = "other counts, another digest or another fold"
)

// lie is a recipe. Its functions run where their names say; nil ones are left out.
type lie struct {
	name, caught string
	variant      string // block-16 if empty
	input        func(*tables.Input)
	beforeChain  func(*tables.Sheet)
	afterChain   func(*tables.Sheet)
	bound        func(*tables.Sheet)
	rendered     func(traces []matrix.Matrix)
}

// NegativeCases makes every case anew.
func NegativeCases() []Case {
	var cases []Case
	for _, group := range []struct {
		breaks string
		lies   []lie
	}{
		{FalseHash, hashLies()},
		{UndeclaredDrop, dropLies()},
		{Reordering, orderLies()},
		{OtherRange, rangeLies()},
		{FalseConclusion, conclusionLies()},
	} {
		for _, l := range group.lies {
			c := l.tell()
			c.Breaks = group.breaks
			cases = append(cases, c)
		}
	}
	return cases
}

func (l *lie) tell() Case {
	name := l.variant
	if name == "" {
		name = "block-16"
	}
	v, err := pruning.VariantByName(name)
	must(l.name, err)
	in := honest(v)
	if l.input != nil {
		l.input(in)
	}
	shape := tables.Shape{Blocks: v.Blocks, Depth: v.Depth}
	truth := tables.Fill(shape, in)
	truth.Bind()

	s := tables.Fill(shape, in)
	run(l.beforeChain, s)
	s.BindChain()
	run(l.afterChain, s)
	s.Conclude()
	run(l.bound, s)
	traces, publics, err := s.Render()
	must(l.name, err)
	if l.rendered != nil {
		l.rendered(traces)
	}
	base := slices.Clone(publics)
	base[pruning.PublicTable] = truth.Publics
	return Case{Name: l.name, Caught: l.caught, Variant: v, Traces: traces, Publics: publics, Base: base}
}

func must(name string, err error) {
	if err != nil {
		panic(fmt.Sprintf("pruningtest: %s: %v", name, err)) // the recipes are this package's own
	}
}

func run(f func(*tables.Sheet), s *tables.Sheet) {
	if f != nil {
		f(s)
	}
}

// Transactions of the honest blocks: eleven in each, of which five stay.
const transactions = 11

var keptPattern = [transactions]bool{0: true, 3: true, 4: true, 8: true, 10: true}

// honest is the witness that the lies start from. All its blocks have the same pattern.
func honest(v pruning.Variant) *tables.Input {
	w, err := v.Sample(transactions*v.Blocks, 1)
	must(v.Name, err)
	in := &tables.Input{FirstHeight: w.FirstHeight, Parent: w.Parent, FoldIn: w.FoldIn}
	for _, block := range w.Blocks {
		var list []tables.Transaction
		for i, t := range block {
			list = append(list, tables.Transaction{ID: t.ID, Removed: !keptPattern[i]})
		}
		in.Blocks = append(in.Blocks, list)
	}
	return in
}

var (
	num = gadget.Field.FromUint
	one = gadget.Field.One()
)

// foreign is a digest that occurs nowhere else.
func foreign() gadget.Digest {
	return gadget.Hash(gadget.Domain{Family: 99, Tag: 99}, []field.Elem{one})
}

// pruned is the leaves of the pruned tree of the only block.
func pruned(s *tables.Sheet) []gadget.Digest { return s.Leaves[s.Shape.Blocks] }

// recount makes everything that follows from the flags of the only block follow from
// them again: counters, the removed list and the pruned tree.
func recount(s *tables.Sheet) {
	rank, gone := 0, 0
	s.RemovedIDs = nil
	leaves := pruned(s)
	for i := range leaves {
		leaves[i] = gadget.Hash(gadget.EmptyLeaf, nil)
	}
	for i := range s.Slots {
		r := &s.Slots[i]
		r.Rank, r.Kept, r.Gone = num(uint64(rank)), num(uint64(rank)), num(uint64(gone))
		switch {
		case r.Keep == one:
			leaves[rank] = r.Leaf
			rank++
		case r.Real == one:
			s.RemovedIDs = append(s.RemovedIDs, r.ID[:]...)
			gone++
		}
	}
	s.Kept, s.Gone = uint64(rank), uint64(gone)
}

// removeID takes the i-th id out of the removed list.
func removeID(s *tables.Sheet, i int) {
	s.RemovedIDs = slices.Delete(s.RemovedIDs, i*gadget.DigestLen, (i+1)*gadget.DigestLen)
}

// message is the message of Sponge with that id.
func message(s *tables.Sheet, id uint64) *gadget.Message {
	i := slices.IndexFunc(s.Messages, func(m gadget.Message) bool { return m.ID == id })
	return &s.Messages[i]
}

// forget takes the message with that id out.
func forget(s *tables.Sheet, id uint64) {
	s.Messages = slices.DeleteFunc(s.Messages, func(m gadget.Message) bool { return m.ID == id })
}

// publish overwrites public values from at on.
func publish(s *tables.Sheet, at int, values ...field.Elem) { copy(s.Publics[at:], values) }

// absorb is the digest that the rows of a message end in, whatever length they claim.
func absorb(m *gadget.Message) gadget.Digest {
	logHeight := 0
	for 1<<logHeight < len(m.Blocks) {
		logHeight++
	}
	t, err := gadget.SpongeTrace([]gadget.Message{*m}, gadget.NewPermutations(), logHeight)
	must("absorb", err)
	const out = gadget.Rate + gadget.DigestLen // the columns before the digest
	return gadget.Digest(t.Row(len(m.Blocks) - 1)[out : out+gadget.DigestLen])
}

// republish makes d the removed digest and draws the conclusions again.
func republish(s *tables.Sheet, d gadget.Digest) {
	conclude(s, segmentRemoved, tables.PublicRemovedDigest, d)
}

// Blocks of the segment's message.
const (
	segmentPrevious = 1
	segmentRemoved  = 3
)

// conclude publishes d at a place of the public values and of the segment, and draws the
// conclusions again.
func conclude(s *tables.Sheet, block, public int, d gadget.Digest) {
	last := &s.Chain[len(s.Chain)-1]
	segment := message(s, tables.MessageSegment)
	segment.Blocks[block] = d
	last.Segment = absorb(segment)
	fold := message(s, tables.MessageFold)
	fold.Blocks[1] = last.Segment
	out := absorb(fold)
	publish(s, public, d[:]...)
	publish(s, tables.PublicFoldOut, out[:]...)
}
