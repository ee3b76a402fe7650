// Package raft runs one member of the cluster's log: hashicorp/raft with our rules about
// errors, faults, membership and shutdown. The node (cmd/rpp-node and the packages that it is built from)
// opens one; the state machine that it drives is a Machine, its stores come from
// store/raftlog, its network is either a raft transport or a Stream of authenticated
// connections. Nothing outside this package and store/raftlog imports the library.
//
// What always holds:
//
//   - Every answer of Apply is one of three: applied here (nil), certainly not in the log
//     (ErrNotLeader, ErrBusy, ErrTooBig, ErrClosed), or unknown (ErrUncertain: it may commit
//     later). Whoever gets ErrUncertain repeats the command, which therefore has to be
//     idempotent.
//   - A store that fails or lies stops this member. The library would panic, taking the
//     process with it, or go on; instead the goroutine that met the fault ends, OnFault is
//     told once, no further entry reaches the Machine, and every call answers ErrFaulted. The
//     node then stops, and wipes and rejoins as a non-voter if the error is ErrCorrupt. The
//     same for a store that is found damaged by Open: the member never campaigns.
//   - A change of membership is refused if the voters that answer now would not be a majority
//     of the voters afterwards.
//   - The leader of a term reads only what it may: ReadBarrier proves leadership and waits for
//     everything acknowledged before it.
//
// Dead members and new ones are the pilot's business: a small reconciler on the leader, a
// pure function of what is known. raft-autopilot was tried for it and fits badly: it asks
// every server for statistics by RPC although the leader's own heartbeats carry what is
// needed (last contact, last index); it mixes injected and real time; it forgets members that
// the application does not list, which a leader that has just started does not; and it may
// remove several servers in one round, where we want to see each removal committed first.
//
// Goroutines: the library's (one main loop, one for the Machine, one for snapshots, and on
// the leader two for each peer), the network transport's listener and one for each accepted
// connection, one for each call in flight, the pilot's. All have ended when Close returns;
// after a fault, calls that the library will never answer keep theirs.
package raft
