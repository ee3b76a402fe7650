package pruning

import (
	"errors"
	"fmt"
	"strings"

	"rpp-node/prover/air"
	"rpp-node/prover/circuit/pruning/internal/tables"
)

// Family is the family's name.
const Family = "pruning"

// Variant is a size of the family's circuit.
type Variant struct {
	Name   string
	Blocks int // blocks of the range, exactly
	Depth  int // of a block's trees: it has at most 2^Depth transactions
}

// Capacity is the largest number of transactions of a block.
func (v Variant) Capacity() int { return 1 << v.Depth }

func (v Variant) shape() tables.Shape { return tables.Shape{Blocks: v.Blocks, Depth: v.Depth} }

// variants has no other sizes than these. The ones of 16 transactions are for tests and
// trials: no header has a tree so shallow. A longer range is one line more.
var variants = []Variant{
	{Name: "block-16", Blocks: 1, Depth: 4},
	{Name: "range-4x16", Blocks: 4, Depth: 4},
	{Name: "block-512", Blocks: 1, Depth: 9},
	{Name: "range-4x512", Blocks: 4, Depth: 9},
}

// Default is the variant that a chain's block needs.
const Default = "block-512"

// Largest sizes of any variant, which bound what decoders allocate.
const (
	maxBlocks       = 4
	maxTransactions = 512
)

// Variants lists the variants, smaller ones of a depth first.
func Variants() []Variant { return append([]Variant(nil), variants...) }

// ErrVariant is wrapped where a name is no variant's, or no variant fits.
var ErrVariant = errors.New("pruning: no such variant")

// VariantByName returns the variant of that name.
func VariantByName(name string) (Variant, error) {
	var names []string
	for _, v := range variants {
		if v.Name == name {
			return v, nil
		}
		names = append(names, v.Name)
	}
	return Variant{}, fmt.Errorf("%w: %q; there are %s", ErrVariant, name, strings.Join(names, ", "))
}

// Circuit is the circuit of v, validated.
func Circuit(v Variant) *air.Circuit {
	c := tables.Circuit(Family+"/"+v.Name, v.shape())
	if err := c.Validate(); err != nil {
		panic(err) // made from constants of this package
	}
	return c
}

// LogHeights lists the vectors of log2 heights that a proof of v may have, tables in the
// circuit's order. There is one: every honest trace of a variant has the same heights.
func LogHeights(v Variant) [][]int { return [][]int{v.shape().LogHeights()} }
