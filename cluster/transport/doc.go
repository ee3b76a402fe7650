// Package transport is the one TLS 1.3 port of a node, and the way to those of others.
// ALPN tells what a connection is for: Raft's streams or the API's HTTP. cluster/raft
// takes RaftLayer, the API takes HTTP, NewServer and PeerOf, and whoever calls another
// node takes Dialer.
//
// What always holds:
//
//   - Both sides are verified against the cluster's roots by package identity: by URI
//     names, never by DNS names or addresses. Sessions are not resumed, so that every
//     connection asks whether its peer was revoked.
//   - Without a certificate a client gets through to HTTP only, as Anonymous, for a short
//     time; without a voter's, nobody gets to Raft.
//   - Connections are bounded (limits.go): those in their handshake, of which the one that
//     has waited longest makes way for a new one; those of one peer; and all together.
//   - A new certificate is used from the next handshake on. Connections that stand are
//     not touched.
//
// Listener and dialer below TLS come in by constructor. The goroutines are the Listener's:
// one accepts, one for each handshake; all have ended when Close returns. Accepted
// connections belong to whoever accepted them.
package transport
