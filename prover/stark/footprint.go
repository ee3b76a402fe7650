package stark

import (
	"rpp-node/prover/memory"
	"rpp-node/prover/ntt"
	"rpp-node/prover/system"
)

// Footprint is the memory that a proof will take, in bytes, known before anything is
// allocated: it follows from the shapes alone.
type Footprint struct {
	Peak   int64 // of the whole process, resident
	Mapped int64 // the part of it that lies outside the Go heap
	Stage  Stage // when
}

// The memory of a process that proves nothing: the program and the runtime's own.
const processBytes = 26 << 20

// Sizes of what lies in the Go heap.
const (
	elementBytes = 20 // a field.E
	digestBytes  = 32
	// garbage is what the heap holds beside what is live, for the collector's default
	// pace of this product.
	garbageNumerator, garbageDenominator = 5, 4
)

// Footprint predicts the peak of a proof by one participant with that many workers.
// consume and room say whether the traces may be used up and whether their buffers have
// room for the extension (Options.Consume, matrix.GetWithin). The key is counted; what
// else the process holds is not.
func (k *Key) Footprint(logHeights []int, workers int, consume, room bool) Footprint {
	s := k.Sys
	b := s.FRI.LogBlowup
	var f Footprint
	at := func(stage Stage, mapped, heap int64) {
		total := processBytes + mapped + heap*garbageNumerator/garbageDenominator
		if total > f.Peak {
			f.Peak, f.Mapped, f.Stage = total, mapped, stage
		}
	}
	size := func(mats []system.Mat, extra int) (bytes int64) {
		for _, m := range mats {
			bytes += memory.Size(m.Width << (m.LogHeight + extra))
		}
		return bytes
	}
	tree := func(mats []system.Mat) int64 {
		top := 0
		for _, m := range mats {
			top = max(top, m.LogHeight+b)
		}
		return treeBytes(1 << top)
	}
	scratch := func(mats []system.Mat) (most int64) {
		for _, m := range mats {
			most = max(most, int64(ntt.ScratchBytes(m.Width, m.LogHeight, b, workers)))
		}
		return most
	}
	rounds := map[system.RoundKind][]system.Mat{}
	for _, r := range s.Rounds(logHeights) {
		rounds[r.Kind] = r.Mats
	}
	main, perm := rounds[system.Main], rounds[system.Permutation]

	held := size(rounds[system.Preprocessed], b)
	if len(rounds[system.Preprocessed]) > 0 {
		held += tree(rounds[system.Preprocessed])
	}
	traces := size(main, 0)
	if !consume {
		held += traces
		traces = 0
	} else if room && len(perm) == 0 {
		traces = 0
	}
	held += size(main, b)
	at(StageTrace, held+traces+scratch(main), 0)
	held += tree(main)
	if len(perm) > 0 {
		at(StageLookup, held+traces+size(perm, 0), 0)
		held += size(perm, b)
		at(StageLookup, held+scratch(perm), 0)
		held += tree(perm)
	}
	var values, longest int64 // quotient values; all codewords
	words := map[int]bool{}
	for i, h := range logHeights {
		values += elementBytes << (h + s.Layout.Tables[i].LogChunks)
		if !words[h] {
			words[h] = true
			longest += elementBytes << (h + b)
		}
	}
	at(StageQuotient, held, values)
	chunks := rounds[system.Quotient]
	held += size(chunks, b)
	at(StageCommit, held+scratch(chunks), values)
	held += tree(chunks)
	// Barycentric weights at two points; then the codewords, their rows as committed to,
	// and the rounds' trees, which together are no larger than the first codeword.
	at(StageOpen, held, values+longest>>(b-1))
	at(StageFold, held, 3*longest)
	return f
}

// treeBytes is what a tree keeps.
func treeBytes(leaves int) int64 { return int64(2*leaves) * digestBytes / 4 }
