// Package artifact keeps immutable bytes under the name of their BLAKE3-256 digest:
// witnesses, proof files, keys. Voters and workers put what they made or were sent, serve
// it chunk-wise to their peers, and pull from them what they lack.
//
// What always holds:
//
//   - What Put and Commit acknowledged survives a crash. What they did not is never
//     served: an artifact exists by its record, which is written last.
//   - Every read checks every byte that it answers with. Damage is ErrCorrupt, and the
//     artifact is set aside: it is not found from then on, so that it can be put again.
//   - Equal bytes are stored once.
//   - A witness is on disk only under its own random key, which is wrapped under the
//     node's store key and goes first when the witness goes.
//   - Nothing that is served is deleted but by a plan that was written down before, or by
//     DropWitness. What is pinned or referenced is in no plan.
//
// docs/formats/artifact.md has the bytes. Shred has one goroutine, which ends with it, or
// stays if the disk has failed under it. Waiting for another caller's work on the same
// artifact is waiting on a channel; no lock is held while the disk works.
package artifact
