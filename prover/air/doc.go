// Package air describes circuits as data: tables of columns, a graph of expressions over
// two neighbouring rows, the constraints that must vanish and the bus interactions that
// must balance. It is the one form that the prover, the verifier, the keys and the
// rpp-circuit-1 files share.
//
// A circuit is made by a Builder (prover/circuit), or decoded from a file
// (prover/interop), then validated once; everything after that trusts it. Four readers
// interpret the graph:
//
//   - EvalPoint, one extension point, for the verifier;
//   - Program, compiled with registers and run over blocks of columns, for Check and traces;
//   - prover/air/packet, compiled for packets of committed rows, for the prover;
//   - Check, over a whole trace, which says what is wrong with a witness and where.
//
// Node degrees follow upstream's symbolic expressions (air/src/symbolic in Plonky3),
// constant folding included, because they decide how many quotient chunks a proof has.
//
// No goroutines. A Circuit is immutable once validated and shared freely.
package air
