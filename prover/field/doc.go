// Package field is the arithmetic that everything else in prover stands on: the
// 31-bit prime fields of Plonky3 (KoalaBear by default, BabyBear by the same code)
// and their challenge extensions of degree 4 and 5.
//
// Elements are Montgomery words with R = 2^32, always fully reduced, which is at
// once the layout of gnark-crypto's koalabear.Element and babybear.Element and the
// word that Plonky3 puts on the wire and into its byte transcripts. So a proof is encoded
// without a multiplication, and a []Elem can be lent to gnark-crypto's vector operations
// without a copy.
//
// Two encodings leave this package: Word/FromWord, upstream's (Montgomery, used in
// proofs and transcripts), and Uint/FromUint32, canonical (used in every format of
// ours). Both decoders refuse values that are not below the modulus.
//
// Vectors and matrices are worked on by the kernels of the active set (package kernels),
// assembly that internal/gen writes; the portable code beside each call computes the same
// words. vector.go has base-field vectors, extvec.go those of an extension, inverse.go
// batches of inverses, points.go and barycentric.go points of domains and what depends on
// them, rowsum.go and rowdots.go sums over the rows of a matrix.
//
// The field and the extension are values that callers carry (Field, Ext), not type
// parameters: a circuit file chooses them at run time.
//
// Called by every package of prover. No goroutines, no state that changes after
// initialisation. Nothing here is constant-time: proofs are public.
package field
