// Package challenger is the Fiat-Shamir transcript: Plonky3's duplex challenger over
// Poseidon2 and its serialising challenger over Keccak-256 (challenger/src upstream;
// docs/protocol.md §3.6), behind one interface whose calls carry
// labels, so that a tape of a run can be read and compared.
//
// Both sides of a proof drive a Transcript; nothing else produces a challenge. It belongs
// to one goroutine. Grind alone uses several, which only read it, and joins them.
package challenger
