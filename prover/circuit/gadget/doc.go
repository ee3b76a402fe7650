// Package gadget is what the circuit families share: the tables that hash, walk trees and
// check ranges, the buses by which a family's own tables use them, and the native
// functions whose values those tables prove.
//
// Three functions of the permutation, never mixed:
//
//   - Node, perm(l ‖ r)[0..8], only inside trees of fixed depth every leaf of which is a
//     Hash proved in the same circuit. Alone it is no one-way function: there is no
//     feed-forward, so anyone can choose an output and half of an input.
//   - Hash, an overwrite sponge of rate 8 whose capacity starts as (tag, length, family,
//     0, 0, 0, 0, 0). Messages of different domains or lengths never share a state.
//   - one-way, perm(x)[0..8] + x[0..8]: for the signature families, which bring it.
//
// Tables: P2 (permutations), Sponge, Forest (whole trees), Range8. Each answers on a bus
// of bus.go; the doc comment of a table says why it answers only what is true, and what it
// leaves to the caller.
//
// Called by the family packages beside it. A table is immutable once made. Permutations
// and Bytes, the recorders that trace generators fill, belong to one goroutine. None is
// started here.
package gadget
