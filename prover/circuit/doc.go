// Package circuit is the registry of circuit families: what each is called, the variants
// that have keys of their own, and how its witnesses are read, sampled and turned into
// traces. Commands, keys and tests find families here and know nothing of any one.
//
// The families themselves lie below: pruning, and the tables that they share in gadget.
// The benchmark circuits in bench are no family: nothing they prove is of use.
//
// Values are immutable. No goroutines.
package circuit
