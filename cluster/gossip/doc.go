// Package gossip tells the nodes of a cluster about one another: who is there, on what
// devices, how busy, how healthy. It is memberlist, encrypted with the cluster's keyring and
// labelled with the cluster's id, with a fixed set of facts (Meta) in what memberlist spreads
// itself and an opaque payload per node (NodeStatus) in what it exchanges by push and pull.
// The node opens it; status, scheduling hints, address lookup and the Raft pilot read it.
//
// Everything here is a hint. Whoever holds the key can claim anything, so nothing in this
// package authorises anything: leases, quarantine, membership and releases rest on the
// authenticated streams and on Raft.
//
// What always holds:
//
//   - Without the key and the label, no byte of a packet or stream reaches this package.
//   - What peers send is decoded strictly and within limits, and can at most replace what
//     they said before: the number of members, the size of each and the total are bounded.
//   - What memberlist calls us with, under its own locks, only copies and enqueues.
//   - A keyring has at most two keys, the one in use and the one that a rotation brings or
//     takes away: memberlist removes a key from the middle of a longer ring in place, under
//     the eyes of whoever is decrypting. The rotation's steps come from the leader over
//     mutual TLS, not from here.
//
// docs/formats/gossip-meta.md has the bytes.
//
// Goroutines: one that merges what peers push, one that announces a changed Meta, one that
// delivers events, one that looks for lost members, one that takes in streams, one for each join or leave in flight, and
// memberlist's own. Close waits for all of them.
package gossip
