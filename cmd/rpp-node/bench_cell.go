package main

import (
	"fmt"
	"slices"

	"rpp-node/prover/circuit"
	"rpp-node/prover/field"
)

// benchCell is one proof that two programs are compared on.
type benchCell struct {
	Circuit string `json:"circuit"`
	LogRows int    `json:"log_rows"`
	Tree    string `json:"tree"`
	Threads int    `json:"threads"`
	Field   string `json:"field"`
	DFT     string `json:"upstream_dft,omitempty"` // upstream's transform; empty between builds of ours
}

func (c benchCell) String() string {
	s := fmt.Sprintf("%s 2^%d tree=%s threads=%d", c.Circuit, c.LogRows, c.Tree, c.Threads)
	if c.DFT != "" && c.DFT != upstreamDFTs[0] {
		s += " dft=" + c.DFT
	}
	return s
}

// benchCells are the axes of a comparison.
type benchCells struct {
	Circuit []string `help:"poseidon2, keccak-f, fibonacci or p2-lookups." default:"poseidon2,keccak-f"`
	LogRows []int    `name:"log-rows" help:"log2 of the number of rows; by default two sizes of each circuit."`
	Tree    []string `help:"Hash of tree and transcript: poseidon2 or keccak." default:"poseidon2,keccak"`
	Threads []int    `help:"Worker threads." default:"1,2"`
	Field   string   `help:"koalabear or babybear." default:"koalabear"`
}

// usualLogRows are the sizes that a comparison takes when it is not told any: one at
// which a thread's share fits a large cache, and one four times as large.
var usualLogRows = map[string][]int{"poseidon2": {15, 17}, "keccak-f": {14, 16}, "fibonacci": {16, 18}, "p2-lookups": {13, 15}}

// list checks the axes and multiplies them; dfts are upstream's transforms, nil between
// builds of ours.
func (c *benchCells) list(dfts []string) ([]benchCell, error) {
	if dfts == nil {
		dfts = []string{""}
	}
	f := field.ByName(c.Field)
	if f == nil {
		return nil, usageError{fmt.Errorf("--field %q: want koalabear or babybear", c.Field)}
	}
	for _, t := range c.Tree {
		if _, _, err := profileAndHash("bench", t); err != nil {
			return nil, usageError{fmt.Errorf("--tree %q: want poseidon2 or keccak", t)}
		}
	}
	for _, n := range c.Threads {
		if n < 1 || n > 1024 {
			return nil, usageError{fmt.Errorf("--threads: %d, want 1 to 1024", n)}
		}
	}
	var cells []benchCell
	for _, name := range c.Circuit {
		b, err := circuit.BenchmarkByName(name)
		if err != nil {
			return nil, usageError{fmt.Errorf("--circuit: %w", err)}
		}
		if err := b.CheckField(f); err != nil {
			return nil, usageError{fmt.Errorf("--field: %w", err)}
		}
		sizes := c.LogRows
		if len(sizes) == 0 {
			sizes = usualLogRows[name]
		}
		for _, logRows := range sizes {
			if err := b.CheckRows(f, logRows); err != nil {
				return nil, usageError{fmt.Errorf("--log-rows: %w", err)}
			}
			for _, tree := range c.Tree {
				for _, threads := range c.Threads {
					for _, dft := range dfts {
						cells = append(cells, benchCell{name, logRows, tree, threads, c.Field, dft})
					}
				}
			}
		}
	}
	if len(cells) == 0 {
		return nil, usageError{fmt.Errorf("nothing to compare: --circuit, --tree and --threads must name something")}
	}
	if i, ok := repeated(cells); ok {
		return nil, usageError{fmt.Errorf("%v is asked for twice", cells[i])}
	}
	return cells, nil
}

// repeated finds an element that occurred before.
func repeated(cells []benchCell) (int, bool) {
	for i, c := range cells {
		if slices.Contains(cells[:i], c) {
			return i, true
		}
	}
	return 0, false
}
