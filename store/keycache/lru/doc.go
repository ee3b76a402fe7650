// Package lru keeps values in memory up to a number of bytes, for values that hold memory
// which no collector gives back: expanded proving keys. Whoever proves or verifies
// acquires a value by its key, and hands it back when done.
//
// What always holds:
//
//   - A value is loaded once, however many callers ask for it at the same time.
//   - A value is freed once, and only when nobody uses it: callers in possession of it are
//     counted, and one that is in use is never the one to make room.
//   - What is kept is at most the capacity, but for values in use. A value larger than the
//     capacity is served, and freed as soon as its users are done.
//
// No goroutines. Load, Free and the observers run on their caller's, with no lock held.
package lru
