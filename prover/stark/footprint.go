package stark

import (
	"slices"

	"rpp-node/prover/device"
	"rpp-node/prover/field"
	"rpp-node/prover/memory"
	"rpp-node/prover/ntt"
	"rpp-node/prover/system"
)

// Footprint is the memory that a proof will take, in bytes, known before anything is
// allocated: it follows from the shapes alone.
type Footprint struct {
	Peak   int64           // of the whole process, resident
	Stage  Stage           // when
	Mapped map[Stage]int64 // the most that lies outside the Go heap, by stage
}

// The memory of a process that proves nothing: the program, with all that a node is made of,
// and the runtime's own.
const processBytes = 44 << 20

// Sizes of what lies in the Go heap.
const (
	elementBytes = 20 // a field.E
	digestBytes  = 32
	// garbage is what the heap holds beside what is live, for the collector's default
	// pace of this product.
	garbageNumerator, garbageDenominator = 6, 5
)

// Footprint predicts the peak of a proof by one participant with that many workers.
// consume and mapped say whether the traces may be used up (Options.Consume) and whether
// they lie outside the Go heap, with room for their extension unless lookups need them
// (matrix.GetWithin). The key is counted; what else the process holds is not.
func (k *Key) Footprint(logHeights []int, workers int, consume, mapped bool) Footprint {
	s := k.Sys
	b := s.FRI.LogBlowup
	f := Footprint{Mapped: map[Stage]int64{}}
	// The heap keeps the constants of transforms: inverse ones of each height, forward ones
	// of each height and coset.
	type transform struct {
		log     int
		inverse bool
		coset   int
	}
	known := map[transform]bool{}
	var learnt, largest int64
	learn := func(log int, inverse bool, coset int) {
		if t := (transform{log, inverse, coset}); !known[t] {
			known[t] = true
			learnt += ntt.ConstantBytes(log)
			largest = max(largest, ntt.ConstantBytes(log))
		}
	}
	// The key's extension and traces without room are the caller's, in the heap.
	var heapHeld int64
	at := func(stage Stage, outside, heap int64) {
		// While constants beyond the bound are made, most of those that they replace wait for the
		// collector.
		constants := min(learnt, ntt.MaxConstantBytes+largest*3/4)
		total := processBytes + outside + (heapHeld+heap+constants)*garbageNumerator/garbageDenominator
		if total > f.Peak {
			f.Peak, f.Stage = total, stage
		}
		f.Mapped[stage] = max(f.Mapped[stage], outside)
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
	// Matrices are extended one after another, each with its own scratch memory, narrow ones
	// side by side (device.Extend): into a buffer beside their values, or where these lie.
	var held int64
	extend := func(stage Stage, mats []system.Mat, inPlace bool, heap int64) {
		var narrow []int64 // scratch memory
		for i, m := range mats {
			learn(m.LogHeight, true, 0)
			if stage == StageCommit {
				learn(m.LogHeight+b, false, 1+m.Chunk)
			} else {
				learn(m.LogHeight+b, false, 0)
			}
			held += size(mats[i:i+1], b)
			if inPlace {
				held -= size(mats[i:i+1], 0)
			}
			scratch := int64(ntt.ScratchBytes(m.Width, m.LogHeight, b, workers))
			if device.SideBySide(m.Width, workers) {
				narrow = append(narrow, int64(ntt.ScratchBytes(m.Width, m.LogHeight, b, 1)))
				continue
			}
			at(stage, held+scratch, heap)
		}
		slices.Sort(narrow)
		var scratch int64
		for _, bytes := range narrow[max(0, len(narrow)-workers):] {
			scratch += bytes
		}
		at(stage, held+scratch, heap)
	}
	rounds := map[system.RoundKind][]system.Mat{}
	for _, r := range s.Rounds(logHeights) {
		rounds[r.Kind] = r.Mats
	}
	main, perm := rounds[system.Main], rounds[system.Permutation]

	if prep := rounds[system.Preprocessed]; len(prep) > 0 {
		heapHeld, held = size(prep, b), tree(prep)
	}
	traces, inPlace := size(main, 0), consume && mapped && len(perm) == 0
	where := &held
	if !mapped {
		where = &heapHeld
	}
	*where += traces
	extend(StageTrace, main, inPlace, 0)
	if consume && !inPlace && len(perm) == 0 {
		*where -= traces
	}
	held += tree(main)
	if len(perm) > 0 {
		held += size(perm, 0)
		at(StageLookup, held, 0)
		if consume {
			*where -= traces
		}
		extend(StageLookup, perm, true, 0)
		held += tree(perm)
	}
	var values, longest int64 // quotient values; all codewords
	top := 0
	words := map[int]bool{}
	for i, h := range logHeights {
		top = max(top, h)
		values += elementBytes << (h + s.Layout.Tables[i].LogChunks)
		if !words[h] {
			words[h] = true
			longest += elementBytes << (h + b)
		}
	}
	at(StageQuotient, held, values)
	chunks := rounds[system.Quotient]
	extend(StageCommit, chunks, false, values)
	held += tree(chunks)
	at(StageOpen, held, values+longest>>(b-1)) // barycentric weights at two points
	// The codewords of all rounds, and their rows as committed to, unless these are the same.
	a := s.FRI.MaxLogArity
	longest = longest << a / (1<<a - 1)
	rows := longest * int64(s.Ext.D) / field.MaxDegree
	if s.Ext.D == field.MaxDegree {
		rows = 0
	}
	at(StageFold, held+treeBytes(1<<max(top+b-a, 0)), longest+rows)
	return f
}

// treeBytes is what a tree keeps.
func treeBytes(leaves int) int64 { return int64(2*leaves) * digestBytes / 4 }
