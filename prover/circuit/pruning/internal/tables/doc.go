// Package tables is the arithmetisation of the pruning family: its own two tables, chain
// (one row for each header, and all public values) and slot (one row for each place of a
// block), the circuit that joins them to the shared tables, and the traces.
// docs/circuits/pruning.md argues why the circuit proves what the family states.
//
// Traces are made in three steps, so that tests can lie at each: Fill says what each slot
// is, Bind draws the conclusions (roots, headers, digests, public values), Render writes
// the tables. Nothing here refuses a lie: the circuit does. Package pruning checks a
// witness before it comes here.
//
// Called by package pruning and by pruningtest, which makes the lies. A Sheet belongs to
// one goroutine; none is started here.
package tables
