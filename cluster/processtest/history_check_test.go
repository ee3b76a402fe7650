//go:build linux

package processtest

import (
	"testing"
	"time"

	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
)

// TestHistory asks whether the model tells right histories from wrong ones.
func TestHistory(t *testing.T) {
	const live, released, failed = rppv1.JobState_JOB_STATE_RUNNING, rppv1.JobState_JOB_STATE_RELEASED, rppv1.JobState_JOB_STATE_FAILED
	job := func(id string, state rppv1.JobState, proof string) output {
		return output{job: id, state: state, proof: proof}
	}
	type op struct {
		from, to int
		submit   bool
		out      output
	}
	for name, c := range map[string]struct {
		ops []op
		ok  bool
	}{
		"one life":                      {[]op{{0, 1, true, job("a", live, "")}, {2, 3, false, job("a", live, "")}, {4, 5, false, job("a", released, "p")}, {6, 7, true, job("a", released, "p")}}, true},
		"two submits at once":           {[]op{{0, 9, true, job("a", live, "")}, {1, 8, true, job("a", released, "p")}, {2, 7, false, output{absent: true}}}, true},
		"an answer that was lost":       {[]op{{0, 0, true, output{lost: true}}, {2, 3, false, output{absent: true}}, {4, 5, false, job("a", live, "")}}, true},
		"lost, and never done":          {[]op{{0, 0, true, output{lost: true}}, {2, 3, false, output{absent: true}}}, true},
		"a job that is lost":            {[]op{{0, 1, true, job("a", live, "")}, {2, 3, false, output{absent: true}}}, false},
		"a job that was not asked for":  {[]op{{0, 1, false, job("a", live, "")}}, false},
		"another job under the key":     {[]op{{0, 1, true, job("a", live, "")}, {2, 3, true, job("b", live, "")}}, false},
		"an end that is taken back":     {[]op{{0, 1, true, job("a", released, "p")}, {2, 3, false, job("a", live, "")}}, false},
		"two proofs":                    {[]op{{0, 1, true, job("a", released, "p")}, {2, 3, false, job("a", released, "q")}}, false},
		"two ends":                      {[]op{{0, 1, true, job("a", released, "p")}, {2, 3, false, job("a", failed, "")}}, false},
		"a read of the past, too late":  {[]op{{0, 1, true, job("a", live, "")}, {2, 3, false, job("a", released, "p")}, {4, 5, true, job("a", live, "")}}, false},
		"a read of the past, meanwhile": {[]op{{0, 1, true, job("a", live, "")}, {2, 5, false, job("a", released, "p")}, {3, 4, false, job("a", live, "")}}, true},
	} {
		h := newHistory()
		h.began = time.Now().Add(-time.Hour)
		for i, o := range c.ops {
			h.add(i, input{"k", o.submit}, o.out, h.began.Add(time.Duration(o.from)))
			if !o.out.lost {
				h.ops[i].Return = int64(o.to)
			}
		}
		if err := h.check(); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
