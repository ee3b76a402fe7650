package ntt

// Order is the order of a matrix's rows.
type Order uint8

// The orders.
const (
	Natural  Order = iota // row i is the point w^i
	Reversed              // row i is the point w^rev(i), as Plonky3 commits rows
)
