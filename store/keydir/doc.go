// Package keydir keeps keys as files in one folder: a cache of what can be derived again.
// Keys are bytes to it; their meaning, and whether a fingerprint is the wanted one, is
// the caller's business. The command line calls it, and every process that proves or
// verifies may share one folder with the others.
//
// What always holds:
//
//   - A file under a key's name is complete: it is written beside, synced and renamed.
//   - Every read checks every byte against the file's digest (docs/formats/keydir.md). A
//     damaged file is a typed error, never a key.
//   - Nothing is deleted but by a plan of GC that has been executed. A damaged file is set
//     aside under another name; a file that this package did not name is never touched.
//   - Lengths are checked against limits, and against the file's size, before anything is
//     allocated.
//
// The folder comes in as an FS: OS for a real one, Mem for tests. A Dir is safe for
// concurrent use and owns no goroutines; callers that want one key at the same time wait
// for the first of them to derive it.
package keydir
