// Package audit is a node's record of who did what: an append-only log in which every
// record holds the digest of the one before. The edges of the cluster append to it what
// changes members, roles, keys and releases; auditors verify and export it.
//
// What always holds:
//
//   - A record whose Append returned survives a crash. Concurrent appends share one sync.
//   - Records are numbered from 1 without gaps, and dated never earlier than the one
//     before.
//   - Verify finds every record that was altered, deleted, added or moved without
//     computing the chain anew. Whoever can write to the disk can compute it anew, or cut
//     the end off and put the head back: that is found against an anchor, a head that is
//     kept elsewhere, signed (VerifyAgainst).
//   - Nothing is ever deleted.
//
// docs/formats/audit.md has the bytes. No goroutines: of the callers that append at the
// same time, one writes for all. A log has one writer, the process that opened it.
package audit
