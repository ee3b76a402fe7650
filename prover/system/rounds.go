package system

import (
	"rpp-node/prover/field"
	"rpp-node/prover/merkle"
)

// RoundKind is one of the commitments that are opened, in the order in which they are.
type RoundKind int

// The commitments.
const (
	Main RoundKind = iota
	Quotient
	Preprocessed
	Permutation
)

func (k RoundKind) String() string {
	return [...]string{"main", "quotient", "preprocessed", "permutation"}[k]
}

// Mat is one committed matrix.
type Mat struct {
	Table     int
	Chunk     int // of the quotient
	Width     int // base columns
	LogHeight int // of the trace; the committed matrix has 2^LogBlowup times as many rows
	Next      bool
}

// Round is one commitment of a proof and its matrices, in commitment order.
type Round struct {
	Kind RoundKind
	Mats []Mat
}

// Rounds lists the opened commitments of a proof over tables of the given heights.
func (s *System) Rounds(logHeights []int) []Round {
	main, quotient := Round{Kind: Main}, Round{Kind: Quotient}
	prep, perm := Round{Kind: Preprocessed}, Round{Kind: Permutation}
	for i := range s.Circuit.Tables {
		t, l, h := &s.Circuit.Tables[i], &s.Layout.Tables[i], logHeights[i]
		main.Mats = append(main.Mats, Mat{Table: i, Width: t.Width, LogHeight: h, Next: t.MainNext})
		for c := range 1 << l.LogChunks {
			quotient.Mats = append(quotient.Mats, Mat{Table: i, Chunk: c, Width: s.Ext.D, LogHeight: h})
		}
		if t.PrepWidth > 0 {
			prep.Mats = append(prep.Mats, Mat{Table: i, Width: t.PrepWidth, LogHeight: h, Next: t.PrepNext})
		}
		if w := l.Width(); w > 0 {
			perm.Mats = append(perm.Mats, Mat{Table: i, Width: w * s.Ext.D, LogHeight: h, Next: true})
		}
	}
	rounds := []Round{main, quotient}
	if len(prep.Mats) > 0 {
		rounds = append(rounds, prep)
	}
	if len(perm.Mats) > 0 {
		rounds = append(rounds, perm)
	}
	return rounds
}

// Shape is the round's shape as its tree sees it.
func (s *System) Shape(r *Round) *merkle.Shape {
	var sh merkle.Shape
	for _, m := range r.Mats {
		sh.LogHeights = append(sh.LogHeights, m.LogHeight+s.FRI.LogBlowup)
		sh.Widths = append(sh.Widths, m.Width)
	}
	return &sh
}

// Selectors are the row selectors and the vanishing polynomial of a trace domain at a
// point outside it, unnormalised as upstream's.
type Selectors struct {
	First, Last, Trans field.E
	InvVanishing       field.E
}

// SelectorsAt evaluates them for the subgroup of order 2^log. It reports false where the
// point lies in the subgroup.
func SelectorsAt(x *field.Ext, log int, z field.E) (Selectors, bool) {
	f := x.Base
	vanishing := x.SubBase(x.Exp2(z, log), f.One())
	if vanishing == (field.E{}) {
		return Selectors{}, false
	}
	last := f.RootInv(log)
	return Selectors{
		First:        x.Mul(vanishing, x.Inv(x.SubBase(z, f.One()))),
		Last:         x.Mul(vanishing, x.Inv(x.SubBase(z, last))),
		Trans:        x.SubBase(z, last),
		InvVanishing: x.Inv(vanishing),
	}, true
}
