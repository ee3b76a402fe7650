// Package sim runs a whole cluster in one goroutine, from one seed, bit by bit the same
// every time. It is layer L0 of the tests (docs/testing.md).
//
// What decides is the product's own: scheduler (Step, Admit), cluster/fsm (Apply, commands,
// snapshots, invariants) and cluster/release (Gather). What surrounds it is a model: a log
// that is replicated as Raft does it, a network that delays, drops, doubles and cuts, disks
// that lose what was not synced, clocks that disagree, processes that stop and die, devices
// that are slow, wrong or crash, clients that try again. The leader and the workers are
// twins of cluster/leader and cluster/worker in model time; their comments name the
// functions that they follow.
//
// A run has two phases. In the first, faults are injected, in a mix that the seed draws;
// never more copies are destroyed than the design tolerates. In the second a core is
// healed, and every accepted job must come to its end. An oracle watches all the time.
//
// Tests call it (and nothing else): Run for a seed. Pieces that are injected can be wrapped
// (Seams), which is how bugs are planted that the oracle must catch.
//
// What always holds: no goroutine, no clock, no order of a map, no randomness but the
// seed's. Times are durations since the start of the run.
package sim
