package unistark

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"testing"

	"rpp-node/prover/challenger"
	"rpp-node/prover/codec"
	"rpp-node/prover/field"
	"rpp-node/prover/fri"
	"rpp-node/prover/internal/vectors"
	"rpp-node/prover/internal/vectors/tape"
	"rpp-node/prover/matrix"
	"rpp-node/prover/merkle"
)

type paramsJSON struct {
	LogBlowup       int `json:"log_blowup"`
	LogFinalPolyLen int `json:"log_final_poly_len"`
	MaxLogArity     int `json:"max_log_arity"`
	NumQueries      int `json:"num_queries"`
	CommitPoWBits   int `json:"commit_pow_bits"`
	QueryPoWBits    int `json:"query_pow_bits"`
	CapHeight       int `json:"cap_height"`
}

type pcsJSON struct {
	Config, System string
	Params         paramsJSON
	Batches        [][]struct {
		Height, Width int
		Values        []uint64
	}
	Caps       [][][]uint64
	Opened     [][][][][]uint64
	Proof      string       `json:"proof_postcard_hex"`
	Transcript []tape.Event `json:"verifier_transcript"`
	Z1, Z2     []uint64
}

// begin absorbs the commitments and draws the two points.
func begin(t challenger.Transcript, caps ...codec.Cap) (z [2]field.E) {
	for _, c := range caps {
		t.ObserveCap("batch", c)
	}
	return [2]field.E{t.SampleExt("z1"), t.SampleExt("z2")}
}

// TestCommitmentVectors commits to batches of mixed heights and opens them at one or two
// points, as upstream's vectors do: commitments, values, transcript and proof are
// upstream's, and the verifier accepts them.
func TestCommitmentVectors(t *testing.T) {
	tested := 0
	for _, file := range []string{"pcs.json", "batch2/misc/pcs.json"} {
		var list []pcsJSON
		vectors.JSON(t, file, &list)
		for i, v := range list {
			c, ok := tape.ByName(t, v.Config+v.System)
			if !ok {
				continue
			}
			tested++
			t.Run(fmt.Sprintf("%s/%d", v.Config+v.System, i), func(t *testing.T) { checkPCS(t, c, &v) })
		}
	}
	if tested != 14 {
		t.Errorf("%d vectors tested, want 14", tested)
	}
}

func checkPCS(t *testing.T, c tape.Config, v *pcsJSON) {
	s := newPCS(c, fri.Params(v.Params))
	var rounds []*commitment
	var caps []codec.Cap
	for b, batch := range v.Batches {
		var mats []matrix.Matrix
		for _, m := range batch {
			mats = append(mats, matrix.Matrix{Width: m.Width, Values: c.Elems(t, m.Values)})
		}
		r := s.commitTraces(mats...)
		if !slices.Equal(r.cap(), c.Digests(t, v.Caps[b])) {
			t.Fatalf("commitment %d differs from upstream's", b)
		}
		rounds, caps = append(rounds, r), append(caps, r.cap())
	}
	check := tape.Check(t, c, challenger.New(c.Hash, c.Ext), v.Transcript)
	z := begin(check, caps...)
	if z[0] != c.E(t, v.Z1) || z[1] != c.E(t, v.Z2) {
		t.Fatal("points differ from upstream's")
	}
	for b, r := range rounds {
		for m := range r.lde {
			n := 1
			if (b+m)%2 == 0 {
				n = 2
			}
			r.points = append(r.points, z[:n])
		}
	}
	values, p := s.open(check, rounds)
	check.Done()
	for b := range values {
		for m := range values[b] {
			for k := range values[b][m] {
				if !slices.Equal(values[b][m][k], c.Es(t, v.Opened[b][m][k])) {
					t.Fatalf("batch %d matrix %d: values at point %d differ from upstream's", b, m, k)
				}
			}
		}
	}
	want, err := hex.DecodeString(v.Proof)
	if err != nil {
		t.Fatal(err)
	}
	format := codec.Format{Ext: c.Ext, Hash: c.Hash}
	if got := format.EncodeFRI(nil, p); !bytes.Equal(got, want) {
		t.Errorf("proof differs from upstream's: %d bytes, want %d", len(got), len(want))
	}
	checkPCSVerifier(t, c, v, s, s.claims(rounds, values), caps, want)
}

// checkPCSVerifier accepts upstream's proof with the recorded transcript, and refuses it
// for any other value, point or commitment.
func checkPCSVerifier(t *testing.T, c tape.Config, v *pcsJSON, s *pcs, claims []fri.Round, caps []codec.Cap, b []byte) {
	p, err := codec.Format{Ext: c.Ext, Hash: c.Hash}.DecodeFRI(b, len(b))
	if err != nil {
		t.Fatal(err)
	}
	verifier := fri.Verifier{Ext: c.Ext, Suite: s.suite, Params: s.params}
	check := tape.Check(t, c, challenger.New(c.Hash, c.Ext), v.Transcript)
	begin(check, caps...)
	if err := verifier.Verify(check, claims, p); err != nil {
		t.Errorf("upstream's proof: %v", err)
	}
	check.Done()
	again := func() error {
		live := challenger.New(c.Hash, c.Ext)
		begin(live, caps...)
		return verifier.Verify(live, claims, p)
	}
	for r := range claims {
		m := len(claims[r].Mats) - 1
		o := &claims[r].Mats[m].Openings[0]
		saved := o.Z
		// Points are not absorbed here, so that only the last checks can see this.
		o.Z = c.Ext.Add(o.Z, c.Ext.Monomial(1))
		if err := again(); !errors.Is(err, fri.ErrFinalPoly) && !errors.Is(err, fri.ErrRoundOpening) {
			t.Errorf("batch %d: another point: %v", r, err)
		}
		o.Z = saved
		value := o.Values[0]
		o.Values[0] = c.Ext.Add(value, c.Ext.One())
		if again() == nil {
			t.Errorf("batch %d: another value accepted", r)
		}
		o.Values[0] = value
		cap := claims[r].Cap
		claims[r].Cap = make([]merkle.Digest, len(cap))
		if err := again(); !errors.Is(err, fri.ErrInputOpening) {
			t.Errorf("batch %d: another commitment: %v", r, err)
		}
		claims[r].Cap = cap
	}
}
