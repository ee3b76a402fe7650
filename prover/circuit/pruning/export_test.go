package pruning

import (
	"rpp-node/prover/circuit/gadget"
	"rpp-node/prover/circuit/pruning/internal/tables"
)

func domains() []gadget.Domain {
	return []gadget.Domain{
		gadget.TransactionLeaf, gadget.EmptyLeaf, gadget.Header,
		tables.RemovedIDs, tables.PreviousRoots, tables.PrunedRoots, tables.Segment, tables.Fold,
	}
}
