package poseidon2

import (
	"rpp-node/prover/field"
	"rpp-node/prover/poseidon2/internal/plan"
)

// ratio is r in the field.
func ratio(f *field.Field, r plan.Ratio) field.Elem {
	v := f.FromInt(r.Num)
	for range r.Shift {
		v = f.Mul(v, f.Half())
	}
	return v
}
