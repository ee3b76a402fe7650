package unistark

import (
	"reflect"
	"testing"

	"rpp-node/prover/challenger"
	"rpp-node/prover/field"
	"rpp-node/prover/internal/vectors/tape"
)

// challenges are what a proof's transcript answers.
type challenges struct {
	Alpha, Zeta []uint64
	FRIAlpha    []uint64 `json:"fri_alpha"`
	Betas       [][]uint64
	PoW         [][]uint64 `json:"pow_witnesses"` // bits and witness
	Queries     []int      `json:"query_indices"`
}

// recorder collects the challenges of a run by the labels that they are drawn under.
type recorder struct {
	challenger.Transcript
	c   tape.Config
	got challenges
}

// SampleExt implements challenger.Transcript.
func (r *recorder) SampleExt(label string) field.E {
	v := r.Transcript.SampleExt(label)
	var words []uint64
	for _, e := range v[:r.c.Ext.D] {
		words = append(words, uint64(r.c.Ext.Base.Uint(e)))
	}
	switch label {
	case "alpha":
		r.got.Alpha = words
	case "zeta":
		r.got.Zeta = words
	case "fri-alpha":
		r.got.FRIAlpha = words
	default:
		r.got.Betas = append(r.got.Betas, words)
	}
	return v
}

// SampleBits implements challenger.Transcript.
func (r *recorder) SampleBits(label string, n int) int {
	v := r.Transcript.SampleBits(label, n)
	r.got.Queries = append(r.got.Queries, v)
	return v
}

func (r *recorder) pow(bits int, w field.Elem) {
	r.got.PoW = append(r.got.PoW, []uint64{uint64(bits), uint64(r.c.Ext.Base.Uint(w))})
}

// CheckWitness implements challenger.Transcript.
func (r *recorder) CheckWitness(label string, bits int, w field.Elem) bool {
	r.pow(bits, w)
	return r.Transcript.CheckWitness(label, bits, w)
}

// Grind implements challenger.Transcript.
func (r *recorder) Grind(label string, bits, workers int) field.Elem {
	w := r.Transcript.Grind(label, bits, workers)
	r.pow(bits, w)
	return w
}

func (r *recorder) compare(tb testing.TB, want *challenges) {
	tb.Helper()
	if !reflect.DeepEqual(r.got, *want) {
		tb.Errorf("challenges differ from upstream's: %+v, want %+v", r.got, *want)
	}
}
