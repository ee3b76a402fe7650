// Package clustertest runs a whole cluster in one process and one bubble of
// testing/synctest, where an hour takes a second: the real Raft, gossip, state machine,
// leader, scheduler, workers and stores, on disks that lose what was not synced and on
// networks that delay, lose and cut. Only the devices, which prove by the clock, the
// verifier, which knows the one proof of a spec, and the API between processes are its own;
// what cluster/node does for a submit, a receipt and a repair stands here in a few lines.
//
// Tests make a cluster with Start, put it under Load, have faults injected by Torment, and
// ask CheckAll what went wrong. A fault is a crash of one to all voters at once, a cut in
// both directions or one, a link that comes and goes, a voter that pauses, a worker that is
// killed, a device that lies, a clock that is wrong. Plant puts a bug in, to see that it is
// found.
//
// A seed gives the plan of the faults, the weather of the network and the clients'
// choices, but not the order of goroutines: the same seed runs differently each time.
//
// Goroutines: a voter's life owns those of its parts and one for each call that it answers;
// a worker's life has the worker's; each client has one. Close ends the cluster's, Quiet the
// clients'. A dead voter's goroutines come to an end by themselves, beside its next life.
package clustertest
