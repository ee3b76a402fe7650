// Package node puts a node together: identity, stores, state machine, Raft, gossip, leader,
// keys, API, worker and pages, each made by its own package and joined here. It is what
// the contracts of the API stand on: a file of its own for each service.
//
// Commands call Found (the first node of a cluster), Join (every other) and Open (either,
// from its data directory, from then on). The same Open makes voters and workers: a voter
// has Raft, the state machine and the leader besides.
//
// Goroutines: those of the packages below, and one each for the loops in Open's list; all
// have ended when Close returns, in the reverse order of their start.
//
// What always holds: a voter's answer to StoreWitness and Receipt is given after its disk
// has synced; a receipt is signed after the verifier has accepted; secrets lie in files of
// mode 0600 and in nothing that is logged.
package node
