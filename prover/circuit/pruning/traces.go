package pruning

import (
	"rpp-node/prover/circuit/pruning/internal/tables"
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
)

// Traces makes the traces of v's tables and, for each table, its public values. It
// refuses a witness that fails Check.
func Traces(v Variant, w *Witness) ([]matrix.Matrix, [][]field.Elem, error) {
	if err := w.Check(v); err != nil {
		return nil, nil, err
	}
	s := tables.Fill(v.shape(), w.input())
	s.Bind()
	return s.Render()
}

func (w *Witness) input() *tables.Input {
	in := &tables.Input{FirstHeight: w.FirstHeight, Parent: w.Parent, FoldIn: w.FoldIn}
	for _, block := range w.Blocks {
		list := make([]tables.Transaction, len(block))
		for i, t := range block {
			list[i] = tables.Transaction(t)
		}
		in.Blocks = append(in.Blocks, list)
	}
	return in
}
