// Package release decides when a proof may become visible: not before a quorum of voters
// has stored it, verified it against the job in its own state machine, and signed so.
//
// Gather is the leader's side, a pure state machine: it says whom to ask and what the
// answers amount to. The leader's loop drives it, and so does the simulator. Voter is the
// other side: it stores, syncs, verifies and signs, in that order.
//
// What always holds: a decision to release carries receipts of distinct voters, at least
// a quorum of them, and at least one that was not given by the node that assembled the
// proof if there is another. No goroutines.
package release
