// Package fsm is the replicated state machine: which jobs were accepted, which proof was
// released, which keys are current, who belongs to the cluster and who is quarantined.
// Bytes of witnesses, proofs and keys are never in it, only their digests.
//
// # Who calls it
//
// The leader proposes a command: Encode checks it and gives its bytes, Raft orders them,
// and every node's Machine applies them. Apply is the stateless function underneath, for
// replay and simulators. Services read through Machine.View and follow Subscribe.
//
// What a command must answer to a user is an error of package fault in its Result. It
// changes nothing but the applied index and the clock. What a node cannot even read is
// fatal: every node that can read it goes on, so one that cannot must stop before its
// state differs. The machine calls OnFatal once and refuses everything from then on.
//
// # What always holds
//
//   - Same state, same index, same bytes: same state, on any machine and release. No
//     clock, no randomness, no order of a map. Time is what leaders wrote into commands,
//     held monotone. No decision may depend on a table that releases extend, such as
//     fault's codes; the text of an error may.
//   - Every command may be proposed twice: the second time changes nothing.
//   - A released job never changes its proof, and has receipts of a quorum of voters.
//   - A job is accepted if and only if somebody's subscription to it is active.
//   - Everything is bounded (limits.go).
//
// CheckInvariants says this of a given state.
//
// # Records
//
// Jobs, keys, members and the rest are records that are replaced when they change, never
// written to. So a snapshot is a copy of pointers, and is encoded while commands go on.
// Reads give copies.
//
// A new kind of command, or a new field, is a new command version. The leader may propose
// it when State.CommandVersion says that every voter announced it.
//
// docs/formats/command.md and docs/formats/snapshot.md have the bytes. No goroutines.
package fsm
