package tables

import (
	"fmt"
	"testing"

	"rpp-node/prover/circuit/gadget"
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
)

// free lists, by table, the cells that no constraint and no message binds: those of rows
// that stand for nothing, and the inverse of a count that is 0. That they are free is
// tested, so the list is exact.
func free(s Shape, traces []matrix.Matrix, removed int) [tableCount]func(row, col int) bool {
	no := func(row, col int) bool { return false }
	return [tableCount]func(row, col int) bool{
		TableChain: func(row, col int) bool {
			segment := col >= chainSegment && col < chainInverse
			return segment && row != s.Blocks-1 || col == chainInverse && removed == 0
		},
		TableSlot: func(row, col int) bool {
			return col < slotLeaf && traces[TableSlot].Row(row)[slotReal] == 0 // the id of no transaction
		},
		TableTree: func(row, col int) bool { return row%s.Capacity() == 0 },
		TableSponge: func(row, col int) bool {
			r := traces[TableSponge].Row(row)
			flags := len(r) - 2 // real, last
			return r[flags] == 0 && col < flags
		},
		TableP2:     no,
		TableRange8: no,
	}
}

// instance is a range whose blocks have size transactions each, of which the first so
// many are removed.
func instance(s Shape, size, removed int) *Input {
	in := &Input{FirstHeight: 0xfffe, Parent: gadget.Digest{1}, FoldIn: gadget.Digest{2}}
	for b := range s.Blocks {
		var block []Transaction
		for i := range size {
			id := gadget.Digest{gadget.Field.FromUint(uint64(b)), gadget.Field.FromUint(uint64(i))}
			block = append(block, Transaction{ID: id, Removed: i < removed})
		}
		in.Blocks = append(in.Blocks, block)
	}
	return in
}

// Every cell of every table is changed, one at a time: by one, and to another value. The
// check must fail, or the cell must be on the list, and then it must not fail. Sampled
// are P2, whose rows are all alike, the range, and in short mode both more thinly; the
// strides are prime to the widths, so that every column has its turn.
func TestEveryCell(t *testing.T) {
	block, blocks := Shape{Blocks: 1, Depth: 4}, Shape{Blocks: 4, Depth: 4}
	for _, c := range []struct {
		shape         Shape
		size, removed int
	}{{block, 11, 6}, {block, 5, 0}, {block, 16, 16}, {blocks, 9, 4}, {blocks, 3, 0}} {
		t.Run(fmt.Sprintf("%d blocks, %d of %d removed", c.shape.Blocks, c.removed, c.size), func(t *testing.T) {
			t.Parallel()
			circuit := Circuit("tampered", c.shape)
			sheet := Fill(c.shape, instance(c.shape, c.size, c.removed))
			sheet.Bind()
			traces, publics, err := sheet.Render()
			if err != nil {
				t.Fatal(err)
			}
			if err := circuit.Check(traces, publics); err != nil {
				t.Fatal(err)
			}
			freed := free(c.shape, traces, c.removed)
			stride := map[int]int{1: 1, 4: 11}[c.shape.Blocks]
			strideP2 := 5 * stride
			if testing.Short() {
				stride, strideP2 = 13*stride, 13*strideP2
			}
			if c.shape.Blocks == 1 {
				stride = 1 // small enough to be tried whole
			}
			for table, m := range traces {
				step := stride
				if table == TableP2 {
					step = strideP2
				}
				for i := 0; i < len(m.Values); i += step {
					row, col := i/m.Width, i%m.Width
					isFree := freed[table](row, col)
					was := m.Values[i]
					for _, v := range []field.Elem{circuit.Field.Add(was, circuit.Field.One()), other(circuit.Field, was, i)} {
						m.Values[i] = v
						if err := circuit.Check(traces, publics); isFree != (err == nil) {
							t.Errorf("table %s row %d column %d, %d instead of %d: free %v, check says %v",
								circuit.Tables[table].Name, row, col, v, was, isFree, err)
						}
					}
					m.Values[i] = was
				}
			}
		})
	}
}

// other is another value of a cell: 0 where it was not, so that flags fall.
func other(f *field.Field, was field.Elem, i int) field.Elem {
	if was != 0 {
		return 0
	}
	return f.FromUint(uint64(i) + 2)
}
