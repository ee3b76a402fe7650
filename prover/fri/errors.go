package fri

import "errors"

// The ways in which the low-degree test's part of a proof can be wrong, besides those of
// package merkle.
var (
	ErrRoundCount    = errors.New("fri: wrong number of folding rounds")
	ErrArity         = errors.New("fri: a round's arity is not the schedule's")
	ErrQueryCount    = errors.New("fri: wrong number of queries")
	ErrSiblingValues = errors.New("fri: a query has the wrong number of sibling values")
	ErrInputCount    = errors.New("fri: wrong number of opened commitments")
	ErrFinalPolyLen  = errors.New("fri: the final polynomial has the wrong length")
	ErrPoW           = errors.New("fri: proof-of-work witness rejected")
	ErrPoint         = errors.New("fri: opening point lies in the evaluation domain")
	ErrConstantInput = errors.New("fri: an input of one row is not constant")
	ErrFinalPoly     = errors.New("fri: the folded codeword is not the final polynomial")
	ErrTooShort      = errors.New("fri: a matrix has too few rows to be tested")
	ErrInputOpening  = errors.New("fri: opened rows rejected")
	ErrRoundOpening  = errors.New("fri: opened codeword rejected")
)
