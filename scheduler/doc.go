// Package scheduler decides which device proves which job. It is a pure state machine:
// Step(now, event) returns actions, Admit answers whether a job may be accepted. The
// leader's runtime feeds it and carries out what it says; the simulator does the same with
// a model of the world. There is no goroutine, clock, socket, disk or randomness in it,
// and no result depends on the order of a map: equal calls give equal actions.
//
// # Words
//
// A job is one proof to make. Its Part is what one device does of it; today a job has one
// Part, whose device conducts it (the conductor), so a lease names only the job. A Lease is
// the right to run the Part until a deadline, a Fence its name: (term, sequence), growing
// with every grant. An Attempt is one lease from grant to report.
//
// # What the caller owes
//
//   - One goroutine, or one lock, around all methods.
//   - A new Scheduler for each term in which this node leads, with that term. First the
//     live jobs (JobAccepted) and the quarantines in Raft, then the workers' sessions.
//   - now never needs to grow (it is clamped), but leases are only as good as it is.
//   - Actions in their order. WakeAt replaces the WakeAt before it: send a Tick then.
//   - Every Assembled ends in JobFinished, ProofRejected or ProofLost; every RunReference
//     in ReferenceResult; every Fail and QuarantineSpec, once in Raft, in JobFinished.
//   - Proofs of reports are kept, by digest, until the job is assembled with another or
//     ends: a repeated proof is compared before it is assembled.
//   - An admitted job ends in JobAccepted with its reservation, or in Release.
//   - Worker, device and build names are those of the authenticated session.
//
// # What always holds
//
//   - A job that is known is queued, leased, assembled, disputed or ended; it leaves only
//     by JobFinished or JobCancelled.
//   - A job has at most one live lease; two for a hedge, or while two devices repeat what
//     the voters rejected, never on one device.
//   - A report is heard only under its lease's fence, from its lease's device.
//   - A device holds at most Config.QueueDepth leases.
//   - A step costs O(devices + log jobs); nothing walks over the jobs but View.
//   - Leases make work efficient, not safe: whatever runs twice gives the same bytes, and
//     only voters release.
package scheduler
