package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestByteSize(t *testing.T) {
	for text, want := range map[string]byteSize{
		"300MiB": 300 << 20, "2GiB": 2 << 30, "1.5GiB": 3 << 29, "100 KiB": 100 << 10, "4096": 4096, "7B": 7, "1TiB": 1 << 40,
	} {
		var b byteSize
		if err := b.UnmarshalText([]byte(text)); err != nil || b != want {
			t.Errorf("%q is %d, %v, want %d", text, b, err, want)
		}
	}
	for _, text := range []string{"", "MiB", "-1MiB", "0", "300MB", "NaN", "InfGiB", "1e30", "99999999TiB", "x"} {
		var b byteSize
		if err := b.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is taken for %d bytes", text, b)
		}
	}
}

// TestMemoryGate runs benchmarks, from the consensus-sized one up, as processes of their
// own, and compares the peak that was predicted with the one that the system measured. A
// limit below the prediction is refused before work starts; at the prediction the proof is
// made within it.
func TestMemoryGate(t *testing.T) {
	if os.Getenv("GATE") == "" {
		t.Skip("a gate: make gate-memory")
	}
	small := os.Getenv("SCALE") != "1"
	bin := filepath.Join(t.TempDir(), "rpp-node")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cells := []struct {
		circuit, profile string
		rows             []int
	}{
		{"poseidon2", "bench", []int{15, 16, 17}},
		{"keccak-f", "bench", []int{14, 15, 16}},
		{"fibonacci", "bench", []int{20, 22}},
		{"p2-lookups", "production", []int{15, 16, 17}},
	}
	runs, worst := 0, 0.0
	for _, c := range cells {
		for i, rows := range c.rows {
			for _, hash := range []string{"poseidon2", "keccak"} {
				for _, threads := range []int{1, 2} {
					if small && (i > 0 || hash == "poseidon2") {
						continue
					}
					off := checkPrediction(t, bin, c.circuit, c.profile, rows, hash, threads)
					runs, worst = runs+1, max(worst, math.Abs(off))
				}
			}
		}
	}
	fmt.Printf("memory runs=%d worst_error=%.1f%%\n", runs, 100*worst)
	if runs == 0 {
		t.Error("nothing ran")
	}
}

// checkPrediction returns how far the prediction is from the measured peak, as a part of
// it.
func checkPrediction(t *testing.T, bin, circuit, profile string, rows int, hash string, threads int) float64 {
	t.Helper()
	args := []string{"bench", "--circuit", circuit, "--profile", profile, "--log-rows", fmt.Sprint(rows), "--hash", hash, "--threads", fmt.Sprint(threads), "--json"}
	cell := strings.Join(args[1:], " ")
	run := func(limit int64) benchResult {
		out, err := exec.Command(bin, append(args, "--memory-limit", fmt.Sprint(limit))...).Output()
		if err != nil {
			t.Fatalf("%s, limit %d: %v", cell, limit, err)
		}
		var r benchResult
		if err := json.Unmarshal(out, &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := run(1 << 40)
	off := float64(r.Predicted-r.PeakBytes) / float64(r.PeakBytes)
	t.Logf("%s: predicted %d MiB, measured %d MiB", cell, r.Predicted>>20, r.PeakBytes>>20)
	if math.Abs(off) > 0.1 {
		t.Errorf("%s: predicted %d MiB, measured %d MiB", cell, r.Predicted>>20, r.PeakBytes>>20)
	}
	limit := ((r.Predicted + 1<<20 - 1) >> 20) << 20
	if kept := run(limit); kept.PeakBytes > limit {
		t.Errorf("%s: %d bytes at a limit of %d", cell, kept.PeakBytes, limit)
	}
	out, err := exec.Command(bin, append(args, "--memory-limit", fmt.Sprint(limit-1<<20))...).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "E214-memory-limit") || !strings.Contains(string(out), fmt.Sprintf("needs %d MiB", limit>>20)) {
		t.Errorf("%s: a limit below the prediction: %v, %s", cell, err, out)
	}
	return off
}
