// Package soundness says how many bits a proof is worth. For the FRI parameters of a
// profile and the shape of a circuit it bounds each source of error of the batch STARK
// of prover/stark, names the one that binds, and refuses what falls below the floor.
//
// # What is computed
//
// The protocol is sound round by round, so the bits attained are the minimum over the
// rounds, not their sum. The sources are the combination of the constraints (ALI), the
// out-of-domain point (DEEP), the folding challenges (commit), the queries with their
// grinding (query), the linear combination of the opened columns (batch), the
// fingerprints of the buses (LogUp) and collisions of the hash (digest). With b = log2
// of the challenge field, k rows, rate ρ, n = k/ρ points and folding by a:
//
//	ALI     b − log2 L − log2 C                           ePrint 2024/1553, Thm 2
//	DEEP    b − log2 L − log2(d(k+o−1) + k−1)             ePrint 2024/1553, Thm 2
//	commit  proximity gap of a−1 powers of a challenge    ePrint 2025/2055, Thm 1.5
//	query   grinding − queries · log2 α                   ePrint 2024/1553, Thm 3
//	batch   proximity gap of f−1 powers of a challenge    ePrint 2025/2055, Thm 1.5
//	LogUp   b − log2(denominators) − log2(width + 2)      ePrint 2022/1530
//	digest  half the digest, at most 123
//
// α is the agreement that a query must detect and L the number of codewords that close
// to a committed word; together they are the regime:
//
//   - unique decoding: α = (1 + (k+o)/n)/2, L = 1. Proven.
//   - Johnson: α = √ρ(1 + 1/(2m)), L = (m + ½)/√ρ for a whole number m ≥ 3. Proven, and
//     each m is a bound of its own: a larger one makes the queries count for more and the
//     algebraic terms for less. Analyse takes the m with the largest minimum over all
//     terms.
//   - conjectured: random words (ePrint 2025/2010, §1.5). Batching has no accepted term
//     there, and no decision rests on this figure.
//
// Plonky3's own report chooses m for the low-degree test alone and adds batching at that
// m afterwards, which costs 3 to 7 bits. Report carries that figure too (UpstreamReport),
// to be compared with upstream's; the floor looks at Proven.
//
// # What is not
//
// One height is modelled, the tallest: a shorter table is rolled in at a power β^a of the
// folding challenge, which adds at most log2(a/(a−1)) to a commit term that has bits to
// spare in every profile. DEEP takes L once, as upstream does, where the theorem has L²;
// that term has more than 20 bits to spare. The Fiat-Shamir hash is taken for a random
// oracle.
//
// # Use
//
// Called by the prover, the verifier and at submission (CheckFloor), and by the CLI
// (Report.String, JSON). Pure functions of their arguments: no goroutines, no state. What
// always holds: no bound exceeds ClaimCap; a printed figure is rounded down, never up;
// parameters outside the limits of params.go give an *InputError, not a number.
package soundness
