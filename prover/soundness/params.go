package soundness

import (
	"fmt"
	"math"
)

// Params are the parameters of the low-degree test and of the commitments: everything
// that the bits depend on and the circuit does not decide.
type Params struct {
	ExtensionBits   float64 // log2 of the challenge field's size; see ExtensionBits
	LogBlowup       int     // the rate is 2^-LogBlowup
	NumQueries      int
	QueryPoWBits    int     // grinding before the queries are drawn
	CommitPoWBits   int     // grinding before each folding challenge
	MaxLogArity     int     // a folding round divides the domain by up to 2^MaxLogArity
	LogFinalPolyLen int     // folding stops at 2^LogFinalPolyLen coefficients
	DigestBits      float64 // bits to a collision of the commitment; see CollisionBits
}

// Shape is what the bits depend on in a circuit. For a batch of tables take the largest
// value over the tables where nothing else is said; an overestimate is always safe.
type Shape struct {
	LogHeight     int // of the tallest table
	Constraints   int // of one table, those of its lookups included
	Degree        int // of a constraint
	OpeningPoints int // out-of-domain points of one column: 2 when the next row is read

	// Functions counts the (column, point) pairs that one power series combines: a column
	// opened at ζ and ζω counts twice, a permutation column 2·D times, a quotient chunk D
	// times. The series starts anew at each height; the total over all heights is safe.
	Functions int

	Interactions uint64 // LogUp denominators: messages sent or received, over all rows of all tables
	MessageWidth int    // elements of the widest message, without its bus
}

// Limits. Outside them the formulas give figures that mean nothing, or the protocol
// cannot be run.
const (
	minExtensionBits = 16
	maxExtensionBits = 1024
	maxLogBlowup     = 16
	maxLogArity      = 16
	maxLogHeight     = 40

	// MaxNumQueries is far above any use: more queries than this only lengthen a proof.
	MaxNumQueries = 4096

	// MaxPoWBits: a nonce is checked against the low bits of one element of a field of
	// 31 bits, so no transcript can ask for more.
	MaxPoWBits = 30
)

// InputError says which parameter or property of a shape is outside its limits.
type InputError struct {
	Field string // as it is called in circuit and configuration files
	Value string
	Want  string // what would be accepted
}

func (e *InputError) Error() string {
	return fmt.Sprintf("soundness: %s is %s: want %s", e.Field, e.Value, e.Want)
}

func (p Params) check() error {
	if err := checkReal("extension_bits", p.ExtensionBits, minExtensionBits, maxExtensionBits); err != nil {
		return err
	}
	if err := checkReal("digest_bits", p.DigestBits, 1, ClaimCap); err != nil {
		return err
	}
	return checkInts([]intRange{
		{"log_blowup", p.LogBlowup, 1, maxLogBlowup},
		{"num_queries", p.NumQueries, 1, MaxNumQueries},
		{"query_pow_bits", p.QueryPoWBits, 0, MaxPoWBits},
		{"commit_pow_bits", p.CommitPoWBits, 0, MaxPoWBits},
		{"max_log_arity", p.MaxLogArity, 1, maxLogArity},
		{"log_final_poly_len", p.LogFinalPolyLen, 0, maxLogHeight},
	})
}

func (s Shape) check(p Params) error {
	minLogHeight := 0
	if p.LogFinalPolyLen > 0 { // the prover needs every table taller than the final polynomial
		minLogHeight = p.LogFinalPolyLen + 1
	}
	minWidth := 0
	if s.Interactions > 0 {
		minWidth = 1
	}
	return checkInts([]intRange{
		{"log_height", s.LogHeight, minLogHeight, maxLogHeight},
		{"constraints", s.Constraints, 1, math.MaxInt32},
		{"degree", s.Degree, 1, math.MaxInt32},
		{"opening_points", s.OpeningPoints, 1, math.MaxInt32},
		{"functions", s.Functions, 1, math.MaxInt32},
		{"message_width", s.MessageWidth, minWidth, math.MaxInt32},
	})
}

type intRange struct {
	field         string
	value, lo, hi int
}

func checkInts(ranges []intRange) error {
	for _, r := range ranges {
		if r.value < r.lo || r.value > r.hi {
			return &InputError{r.field, fmt.Sprint(r.value), fmt.Sprintf("%d to %d", r.lo, r.hi)}
		}
	}
	return nil
}

// checkReal is written so that NaN is refused: no comparison with it holds.
func checkReal(field string, v, lo, hi float64) error {
	if v >= lo && v <= hi {
		return nil
	}
	return &InputError{field, fmt.Sprintf("%g", v), fmt.Sprintf("%g to %g", lo, hi)}
}
