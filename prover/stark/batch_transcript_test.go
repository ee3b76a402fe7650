package stark_test

import (
	"slices"
	"testing"

	"rpp-node/prover/challenger"
	"rpp-node/prover/device"
	"rpp-node/prover/internal/vectors"
	"rpp-node/prover/internal/vectors/tape"
	"rpp-node/prover/shard"
	"rpp-node/prover/stark"
)

// TestUpstreamTranscripts proves the vectors that come with a recording, which says where
// a proof begins to differ when its bytes do: everything absorbed and drawn is upstream's,
// and so are the preprocessed commitments.
func TestUpstreamTranscripts(t *testing.T) {
	recorded := 0
	for _, v := range batchVectors(t) {
		var want struct {
			Preprocessed []uint64 `json:"preprocessed_commitment"`
			Transcript   []tape.Event
		}
		vectors.JSON(t, "batch2/"+v.name+".json", &want)
		s := v.key.Sys
		c := tape.Config{Name: v.name, Ext: s.Ext, Hash: s.Hash}
		if !slices.Equal(s.PrepCap, c.Flat(t, want.Preprocessed)) {
			t.Errorf("%s: preprocessed commitment differs from upstream's", v.name)
		}
		if want.Transcript == nil || s.FRI.QueryPoWBits > 16 {
			continue
		}
		recorded++
		t.Run(v.name, func(t *testing.T) {
			var check *tape.Checker
			prove(t, &v, stark.Options{
				Device: device.NewCPU(1), Plan: shard.DefaultPlan(),
				Transcript: func(live challenger.Transcript) challenger.Transcript {
					check = tape.Check(t, c, live, want.Transcript)
					return check
				},
			})
			check.Done()
		})
	}
	if recorded < 30 {
		t.Errorf("only %d recordings", recorded)
	}
}
