// Package raftlog keeps what hashicorp/raft must not forget on a store.DB: its log, its
// term and vote, its snapshots. cluster/raft opens one Log per node and passes it to
// raft.NewRaft as LogStore, StableStore and SnapshotStore at once.
//
// What always holds:
//
//   - What a method has acknowledged survives a power cut: every write that Raft waits for
//     is one synced batch.
//   - Each entry, stable value and snapshot has a checksum that is compared on every read
//     (docs/formats/raftlog.md). Damage is store.ErrCorrupt. Open reads the whole log, since
//     Raft panics when it cannot read an entry later on.
//   - The entries are contiguous. The one gap that Raft can leave is the one after a
//     snapshot that replaces the log; then the old entries go in the same batch as the first
//     new one comes. A Log is no MonotonicLogStore: for such a store hashicorp/raft deletes
//     the whole log after it has installed a snapshot, also what lies beyond the snapshot,
//     and still says, and believes, that it has that.
//   - A vote is written together with its term. hashicorp/raft writes the term first, then
//     the candidate (its issue 661): a crash between the two would leave the new term with
//     the candidate of an older one, and raft grants that candidate its vote again without
//     looking at its log. So the term waits for the candidate. No reply has left by then.
//   - A snapshot exists once its record does, which is written last. Parts of an
//     incomplete one are removed by Open.
//
// When the store has stopped (store.ErrFailed), SetUint64 accepts a current term without
// writing it, because raft panics otherwise. No harm comes of it: a term protects votes and
// entries, and this log accepts neither any more. What it acknowledged before is on disk
// with the term that it was acknowledged in.
//
// A Log is safe for concurrent use and owns no goroutines. Close the store after Raft.
package raftlog
