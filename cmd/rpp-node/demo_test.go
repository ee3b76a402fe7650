package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// One proof that differs, or is rejected, or a release too many, makes the demo fail.
func TestDemoFailsIfAnythingDiffers(t *testing.T) {
	sound := demoOutcome{Family: "pruning", Equal: true}
	for name, c := range map[string]struct {
		released uint64
		outcome  demoOutcome
		verdict  string
		shown    string
	}{
		"all well":       {2, sound, demoRight, "2 jobs, 2 proofs released, each once; killed w and v; x leads"},
		"other bytes":    {2, demoOutcome{Family: "pruning"}, demoWrong, "NO (equal: false; )"},
		"rejected":       {2, demoOutcome{Family: "pruning", Equal: true, Rejection: "V051"}, demoWrong, "NO (equal: true; V051)"},
		"released twice": {3, sound, demoWrong, "yes"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &demoResult{Killed: []string{"w", "v"}, Leader: "x", Released: c.released, Jobs: []demoOutcome{sound, c.outcome}}
			if r.judge(); r.Verdict != c.verdict {
				t.Errorf("verdict %q, want %q", r.Verdict, c.verdict)
			}
			var out bytes.Buffer
			err := (&demoCmd{}).print(&env{out: &out}, r)
			if errors.Is(err, errRejected) != (c.verdict == demoWrong) || !strings.Contains(out.String(), c.shown) {
				t.Errorf("%v, want %q in\n%s", err, c.shown, out.String())
			}
			out.Reset()
			jsonErr := (&demoCmd{JSON: true}).print(&env{out: &out}, r)
			var back demoResult
			if err := json.Unmarshal(out.Bytes(), &back); err != nil || back.Verdict != c.verdict || (jsonErr == nil) != (c.verdict == demoRight) {
				t.Errorf("%v, %v:\n%s", err, jsonErr, out.String())
			}
		})
	}
}
