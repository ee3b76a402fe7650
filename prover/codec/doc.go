// Package codec holds the proof as a value and its encoding: upstream's BatchProof in
// postcard 1.x (docs/protocol.md §3.2 and §3.10), bit for bit.
//
// Decoding allocates only what the remaining input could hold, refuses field words that
// are not reduced, over-long lengths and trailing bytes: an accepted input is the
// encoding of the result, and of no other value. What the lengths ought to be is the
// verifier's business.
//
// No goroutines.
package codec
