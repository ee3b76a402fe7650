package codec

import (
	"rpp-node/prover/field"
	"rpp-node/prover/merkle"
)

// Cap is a commitment: the layer of a tree that the proof shows.
type Cap []merkle.Digest

// Proof is a batch-STARK proof.
type Proof struct {
	Main        Cap
	Permutation Cap // nil if no table has lookups
	Quotient    Cap
	Instances   []Opened
	FRI         FRIProof
	Terminals   []*field.E // one for each table, nil where it has no lookups
	DegreeBits  []uint64
}

// Opened are the values of one table's columns at ζ and ζ·ω. Next-row and preprocessed
// lists are nil where the table does not open them.
type Opened struct {
	MainLocal []field.E
	MainNext  []field.E
	PrepLocal []field.E
	PrepNext  []field.E
	Quotient  [][]field.E // for each chunk, its D base columns
	PermLocal []field.E   // base columns of the permutation trace
	PermNext  []field.E
}

// FRIProof is the low-degree test's part of a proof.
type FRIProof struct {
	Commits   []Cap
	CommitPoW []field.Elem
	Inputs    []BatchOpening // one for each commitment
	Rounds    []RoundOpening // one for each fold
	FinalPoly []field.E
	QueryPoW  field.Elem
}

// BatchOpening opens the rows of one commitment at every query.
type BatchOpening struct {
	Rows     [][][]field.Elem // query, matrix, column
	Siblings []merkle.Digest
}

// RoundOpening opens one round's codeword at every query: the other values of the
// query's row.
type RoundOpening struct {
	LogArity uint8
	Values   [][]field.E // query, sibling
	Siblings []merkle.Digest
}
