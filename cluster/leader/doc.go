// Package leader is what the Raft leader does beside leading Raft: it owns the scheduler,
// speaks with the workers, has finished proofs judged by the voters, and proposes what
// came of it. Every voter has a Leader; it acts only while its node leads, and starts each
// term from nothing but the replicated state and what the workers announce.
//
// The node (cluster/node) makes one, runs it, and calls it from the API: Admit before a
// job is proposed, Session for each worker's stream, View for status.
//
// Goroutines: Run's caller is the loop, which alone touches a term's state; everybody else
// hands it functions. A term starts one goroutine for each question to a voter and each
// proposal; they end with the term. A session runs on its caller's goroutine, with one that
// reads the stream and one that writes it: it returns when the term ends, and the reader ends
// when the stream does, after that at the latest.
//
// What always holds: nothing here is needed for safety. A lost term loses leases, not
// jobs; a proof becomes visible only by a command that the state machine checks.
package leader
