// Package poseidon2 is the Poseidon2 permutation (Grassi, Khovratovich and
// Schofnegger, eprint 2023/323) with Plonky3's parameters: KoalaBear and BabyBear,
// widths 16 and 24, Grain round constants, and the sponge without padding that hashes
// rows with it.
//
// gnark-crypto's Poseidon2 over the same fields has the same matrices but other round
// numbers and constants: it is another function.
//
// Permute, Sponge and the linear layers are portable and are the reference. SpongeRows,
// CompressPairs and PermuteLanes do the same for many states at a time, and PermuteOne for
// one, by the kernels of internal/gen where the processor has them; internal/plan is what these and the table of
// their constants agree on.
//
// Called by the transcript, the Merkle commitments and the circuits whose rows are
// Poseidon2 rounds; the last read the constants and linear layers through accessors.
// No goroutines. A Perm is made once for each field and width and never written
// afterwards, so all callers share it; permuting allocates nothing.
package poseidon2
