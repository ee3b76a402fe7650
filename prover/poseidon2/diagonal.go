package poseidon2

import "rpp-node/prover/field"

// ratio is the field element num / 2^shift.
type ratio struct {
	num   int64
	shift uint
}

func (r ratio) in(f *field.Field) field.Elem {
	v := f.FromInt(r.num)
	for range r.shift {
		v = f.Mul(v, f.Half())
	}
	return v
}

// The internal matrices' diagonals, minus one (Plonky3's koala-bear/src/poseidon2.rs
// and baby-bear/src/poseidon2.rs): small integers and powers of two, so that a product
// needs no general multiplication.
var (
	koalaBearDiagonal16 = [16]ratio{
		{-2, 0}, {1, 0}, {2, 0}, {1, 1}, {3, 0}, {4, 0}, {-1, 1}, {-3, 0}, {-4, 0},
		{1, 8}, {1, 3}, {1, 24},
		{-1, 8}, {-1, 3}, {-1, 4}, {-1, 24},
	}
	koalaBearDiagonal24 = [24]ratio{
		{-2, 0}, {1, 0}, {2, 0}, {1, 1}, {3, 0}, {4, 0}, {-1, 1}, {-3, 0}, {-4, 0},
		{1, 8}, {1, 2}, {1, 3}, {1, 4}, {1, 5}, {1, 6}, {1, 24},
		{-1, 8}, {-1, 3}, {-1, 4}, {-1, 5}, {-1, 6}, {-1, 7}, {-1, 9}, {-1, 24},
	}
	babyBearDiagonal16 = [16]ratio{
		{-2, 0}, {1, 0}, {2, 0}, {1, 1}, {3, 0}, {4, 0}, {-1, 1}, {-3, 0}, {-4, 0},
		{1, 8}, {1, 2}, {1, 3}, {1, 27},
		{-1, 8}, {-1, 4}, {-1, 27},
	}
	babyBearDiagonal24 = [24]ratio{
		{-2, 0}, {1, 0}, {2, 0}, {1, 1}, {3, 0}, {4, 0}, {-1, 1}, {-3, 0}, {-4, 0},
		{1, 8}, {1, 2}, {1, 3}, {1, 4}, {1, 7}, {1, 9}, {1, 27},
		{-1, 8}, {-1, 2}, {-1, 3}, {-1, 4}, {-1, 5}, {-1, 6}, {-1, 7}, {-1, 27},
	}
)
