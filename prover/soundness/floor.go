package soundness

import (
	"fmt"
	"sort"
)

// DefaultFloor is the number of proven bits below which nothing is proved, verified or
// accepted for proving, unless the caller asks for less.
const DefaultFloor = 100

// BelowFloorError says that parameters are too weak for a circuit, and what would help.
type BelowFloorError struct {
	Floor    float64
	Attained Bound // the proven bound: its bits, its regime, its binding term
	Remedy   string
}

func (e *BelowFloorError) Error() string {
	return fmt.Sprintf("soundness: %s proven bits (%s; bound by %s) are below the security floor of %g: %s",
		FormatBits(e.Attained.Bits()), e.Attained.Name(), e.Attained.Binding().Source, e.Floor, e.Remedy)
}

// CheckFloor returns a *BelowFloorError if fewer bits are proven than floor, and an
// *InputError if floor is no number of bits. A floor of 0 accepts everything.
func CheckFloor(r Report, floor float64) error {
	if err := checkReal("security_floor", floor, 0, maxExtensionBits); err != nil {
		return err
	}
	proven := r.Proven()
	if proven.Bits() >= floor {
		return nil
	}
	return &BelowFloorError{Floor: floor, Attained: proven, Remedy: remedy(r, floor)}
}

// remedy looks for the smallest change that reaches the floor. Proven bits never fall when
// queries are added, so the number needed is found by bisection, and what an endless
// number of them would give tells whether it is the queries that are short at all.
func remedy(r Report, floor float64) string {
	if floor > r.Params.DigestBits {
		return fmt.Sprintf("the commitment's digests cap every claim at %s; set security_floor no higher",
			FormatBits(r.Params.DigestBits))
	}
	proven := func(queries int) Bound {
		p := r.Params
		p.NumQueries = queries
		more, err := Analyse(p, r.Shape)
		if err != nil { // r was not made by Analyse
			return void(UniqueDecoding)
		}
		return more.Proven()
	}
	if limit := proven(MaxNumQueries); limit.Bits() < floor {
		return fmt.Sprintf("no number of queries proves more than %s over this field (then bound by %s); "+
			"use an extension of higher degree (profile production has 5), shorter tables or fewer columns",
			FormatBits(limit.Bits()), limit.Binding().Source)
	}
	more := sort.Search(MaxNumQueries-r.Params.NumQueries, func(i int) bool {
		return proven(r.Params.NumQueries+i).Bits() >= floor
	})
	return fmt.Sprintf("raise num_queries from %d to %d",
		r.Params.NumQueries, r.Params.NumQueries+more)
}
