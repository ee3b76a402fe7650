// Package wire is the canonical binary encoding of the state machine's commands and
// snapshots. A Coder walks the fields of a value and either writes or reads them, so one
// function describes both directions and they cannot drift apart.
//
// Integers are little-endian and of fixed width. A text, a byte string and a list begin
// with their length (u32), which is compared with its limit before anything is allocated,
// when writing as well as when reading: what cannot be read back is never written. So a
// value has one encoding.
//
// A Coder keeps its first error; after it, reads give zeros and writes do nothing. It
// belongs to one goroutine.
package wire
