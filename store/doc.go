// Package store wraps one Pebble database so that the packages below it can rely on it
// when disks fail. A node has two: one for what Raft keeps (store/raftlog), one for data
// (store/artifact, store/keycache, store/audit). Each of them owns key prefixes of its own
// (keyspace.go) and reads and writes through a DB only.
//
// What always holds:
//
//   - Nothing here ends the process. Pebble by itself does so at the first failed write of
//     its log or its MANIFEST, and whenever it meets a damaged block.
//   - A write that was asked to be synced and returned nil survives a power cut. One that
//     returned an error may or may not be there afterwards.
//   - After the first failed write no byte of the folder changes any more: what lies there
//     is what a crash at that moment would have left, and opening it again recovers it.
//   - Damage is an error (ErrCorrupt), on opening or on reading, never other data. What
//     Pebble would take for the end of its log or MANIFEST is told from damage on opening
//     (wal.go, manifest.go).
//
// How a failed write stops: Pebble v2 panics while it holds no lock that its own deferred
// unlock expects, or spins, or deletes tables that the MANIFEST may name, if its code goes
// on after such an error. So its code does not go on. The file system that Pebble is given
// (gate.go) records the fault and never returns from the failed call, nor from any later
// one that would change the folder. Commits run on goroutines of their own, and their
// callers are told at once. The parked goroutines, the lock on the folder and some memory
// stay until the process ends: the owner, told by Options.OnFault, stops the node.
//
// A DB is safe for concurrent use. It owns Pebble's goroutines and one short-lived one for
// each commit in progress; all end in Close, but for those that a failed disk has parked.
package store
