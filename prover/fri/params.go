package fri

import (
	"errors"
	"fmt"

	"rpp-node/prover/challenger"
)

// Params are the parameters of the low-degree test and of every tree. Both sides take
// them from the circuit's key, never from a proof.
type Params struct {
	LogBlowup       int // log2 of the LDE's size over the trace's
	LogFinalPolyLen int // log2 of the number of coefficients sent in clear
	MaxLogArity     int // largest log2 of a fold's arity
	NumQueries      int
	CommitPoWBits   int // grinding before each folding challenge
	QueryPoWBits    int // grinding before the queries
	CapHeight       int // log2 of the digests in a commitment
}

// Limits of the parameters, beyond which arithmetic or memory would not hold.
const (
	MaxLogBlowup   = 8
	MaxFinalPoly   = 12
	MaxArity       = 8
	MaxQueries     = 1024
	MaxCapHeight   = 12
	MaxLogHeight   = 24 // of an LDE
	fieldLogBlowup = "fri.log_blowup"
)

// ErrParams is wrapped by every error of Validate.
var ErrParams = errors.New("invalid FRI parameters")

// Validate refuses parameters under which a proof would mean nothing or that overflow
// something.
func (p *Params) Validate() error {
	for _, c := range []struct {
		name   string
		v      int
		lo, hi int
	}{
		{fieldLogBlowup, p.LogBlowup, 1, MaxLogBlowup},
		{"fri.log_final_poly_len", p.LogFinalPolyLen, 0, MaxFinalPoly},
		{"fri.max_log_arity", p.MaxLogArity, 1, MaxArity},
		{"fri.num_queries", p.NumQueries, 1, MaxQueries},
		{"fri.commit_pow_bits", p.CommitPoWBits, 0, challenger.MaxPoWBits},
		{"fri.query_pow_bits", p.QueryPoWBits, 0, challenger.MaxPoWBits},
		{"fri.cap_height", p.CapHeight, 0, MaxCapHeight},
	} {
		if c.v < c.lo || c.v > c.hi {
			return fmt.Errorf("%w: %s: %d, want %d to %d", ErrParams, c.name, c.v, c.lo, c.hi)
		}
	}
	return nil
}

// Schedule returns the log2 arities of the folding rounds for codewords of the given log
// heights (any order, repeats allowed): each round goes as far as MaxLogArity, the next
// lower input and the final height allow. A verifier demands this very schedule.
func (p *Params) Schedule(logHeights []int) []int {
	cur := 0
	for _, h := range logHeights {
		cur = max(cur, h)
	}
	stop := p.LogBlowup + p.LogFinalPolyLen
	var arities []int
	for cur > stop {
		a := min(p.MaxLogArity, cur-stop)
		for _, h := range logHeights {
			if h < cur {
				a = min(a, cur-h)
			}
		}
		arities = append(arities, a)
		cur -= a
	}
	return arities
}
