package tables

import (
	"rpp-node/prover/air"
	"rpp-node/prover/circuit/gadget"
)

// Circuit is the circuit of that shape.
func Circuit(name string, s Shape) *air.Circuit {
	tables := make([]air.Table, tableCount)
	tables[TableChain] = chainTable(s)
	tables[TableSlot] = slotTable(s)
	tables[TableTree] = s.forest().Table()
	tables[TableSponge] = gadget.Sponge()
	tables[TableP2] = gadget.P2()
	tables[TableRange8] = gadget.Range8()
	return &air.Circuit{Name: name, Field: gadget.Field, Tables: tables}
}
