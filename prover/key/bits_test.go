package key

import (
	"math"
	"testing"

	"rpp-node/prover/merkle"
	"rpp-node/prover/soundness"
)

// The sample's counts, by hand from docs/protocol.md's description of a batch.
func TestShape(t *testing.T) {
	s, err := sampleKey(t, merkle.Poseidon2).System(sampleCircuit(1), 0)
	if err != nil {
		t.Fatal(err)
	}
	const extension = 4
	want := soundness.Shape{
		LogHeight: 3, // of sum
		// sum has four constraints of its own, one of its fraction column, and three of the
		// running sum: first row, step, last row.
		Constraints:   4 + 1 + 3,
		Degree:        3,     // value·(value-1)·(value-2)
		OpeningPoints: 2,     // ζ and ζω
		Interactions:  8 + 4, // a message on every row of both tables
		MessageWidth:  1,
		Functions: 2*2 + 1 + // main: sum at both points, offer at one
			(2+1)*extension + // quotient: two chunks of degree 3, one of degree 2
			1 + // preprocessed
			2*2*2*extension, // permutation: fraction and sum, two tables, two points
	}
	if got := shape(s, sampleHeights); got != want {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}

// The parameters that count are the profile's, and the key's bits are the least of any
// heights that it allows.
func TestAnalyse(t *testing.T) {
	k := sampleKey(t, merkle.Poseidon2)
	k.Heights = append(k.Heights, []int{14, 2}, []int{9, 2})
	s, err := k.System(sampleCircuit(1), 0)
	if err != nil {
		t.Fatal(err)
	}
	p := k.Profile
	params := soundness.Params{
		ExtensionBits: soundness.ExtensionBits(2130706433, 4, soundness.Exact), LogBlowup: p.LogBlowup, NumQueries: p.NumQueries,
		QueryPoWBits: p.QueryPoWBits, CommitPoWBits: p.CommitPoWBits, MaxLogArity: p.MaxLogArity,
		LogFinalPolyLen: p.LogFinalPolyLen, DigestBits: soundness.ClaimCap,
	}
	least := math.Inf(1)
	for _, h := range k.Heights {
		r, err := soundness.Analyse(params, shape(s, h))
		if err != nil {
			t.Fatal(err)
		}
		least = min(least, r.Proven().Bits())
	}
	got, err := k.Analyse(s)
	if err != nil || got.Params != params || got.Proven().Bits() != least {
		t.Errorf("%v, %v; want %.2f bits", got.Lines(), err, least)
	}
}
