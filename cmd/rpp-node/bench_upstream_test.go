package main

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// recorded is what the example printed on one thread, colours and all.
func recorded(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "upstream", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestReadUpstream(t *testing.T) {
	order := []string{"commit to trace data", "commit to quotient poly chunks", "open", "grind", "other"}
	for _, c := range []struct {
		file                 string
		prove, verify, grind float64 // as printed
		stages               []float64
		proofBytes           int
	}{
		{"keccak-f-14-keccak.txt", 859, 17.7, 37.8, []float64{472, 10.2, 130.2, 37.8, 208.8}, 1275520},
		{"poseidon2-17-keccak.txt", 4880, 11.6, 154, []float64{3460, 102, 350, 154, 814}, 765409},
	} {
		r, err := readUpstream(recorded(t, c.file))
		if err != nil {
			t.Fatalf("%s: %v", c.file, err)
		}
		if r.ProveMS != c.prove || r.VerifyMS != c.verify || math.Abs(r.GrindMS-c.grind) > 0.01 || r.ProofBytes != c.proofBytes {
			t.Errorf("%s: prove %v, verify %v, grind %v, %d bytes", c.file, r.ProveMS, r.VerifyMS, r.GrindMS, r.ProofBytes)
		}
		if !slices.Equal(r.Order, order) {
			t.Fatalf("%s: stages %q", c.file, r.Order)
		}
		for i, stage := range order {
			if math.Abs(r.Stages[stage]-c.stages[i]) > 0.01 {
				t.Errorf("%s: %s took %v, want %v", c.file, stage, r.Stages[stage], c.stages[i])
			}
		}
	}
}

func TestReadUpstreamRefuses(t *testing.T) {
	good := recorded(t, "keccak-f-14-keccak.txt")
	without := func(part string) string {
		var kept []string
		for line := range strings.Lines(good) {
			if !strings.Contains(line, part) {
				kept = append(kept, line)
			}
		}
		if len(kept) == strings.Count(good, "\n") {
			t.Fatalf("the recording has no line with %q", part)
		}
		return strings.Join(kept, "")
	}
	for name, c := range map[string]struct{ out, want string }{
		"nothing":      {"", "was not verified"},
		"not verified": {without("Proof Verified"), "was not verified"},
		"no prove":     {without("m prove ["), "no prove"},
		"no verify":    {without("m verify ["), "no verify"},
		"no spans":     {"Proving 682 Keccak-F permutations\nProof Verified Successfully\n", "no prove"},
	} {
		if _, err := readUpstream(c.out); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error about %q", name, err, c.want)
		}
	}
}

func TestReadSpan(t *testing.T) {
	for line, want := range map[string]span{
		"INFO     prove [ 1.40s | 0.00% / 100.00% ]":                                 {"prove", 0, 1400},
		"INFO     ┕━ prove_with_preprocessed [ 1.40s | 20.64% / 100.00% ]":           {"prove_with_preprocessed", 1, 1400},
		"INFO        ┕━ open [ 240ms | 15.58% / 17.08% ]":                            {"open", 2, 240},
		"INFO           ┕━ FRI prover [ 17.5ms | 0.00% / 1.25% ]":                    {"FRI prover", 3, 17.5},
		"INFO              │  ┝━ grind for proof-of-work witness [ 1.03µs | 0.00% ]": {"grind for proof-of-work witness", 5, 0.00103},
		"INFO              │  ┕━ grind for proof-of-work witness [ 60.0ns | 0.00% ]": {"grind for proof-of-work witness", 5, 0.00006},
		"INFO     generate vectorized Poseidon2 trace [ 46.8ms | 100.00% ]":          {"generate vectorized Poseidon2 trace", 0, 46.8},
		"INFO     ┕━ verify [ more ] [ 2.00s | 99.97% ]":                             {"verify [ more ]", 1, 2000},
	} {
		if got, ok := readSpan(line); !ok || got.name != want.name || got.depth != want.depth || math.Abs(got.took-want.took) > 1e-5 {
			t.Errorf("%q: %+v %v, want %+v", line, got, ok, want)
		}
	}
	for _, line := range []string{
		"", "prove [ 1.40s | 100.00% ]", "INFO     prove", "INFO     prove [ 1.40 | 100.00% ]", "INFO     prove [ 1.4.0s | 100.00% ]",
		"INFO     note [info]: a message", "Proof size: 709476 bytes",
	} {
		if got, ok := readSpan(line); ok {
			t.Errorf("%q is read as %+v", line, got)
		}
	}
}

func TestUpstreamCommand(t *testing.T) {
	u := upstreamExample("upstream", "example")
	args, env := u.command(benchCell{"keccak-f", 14, "keccak", 2, "babybear", "small-batch-dft"})
	want := "--field baby-bear --objective keccak-f-permutations --log-trace-length 14 --discrete-fourier-transform small-batch-dft --merkle-hash keccak-f"
	if got := strings.Join(args, " "); got != want {
		t.Errorf("arguments %q, want %q", got, want)
	}
	if want := []string{"RAYON_NUM_THREADS=2", "RUST_LOG=info"}; !slices.Equal(env, want) {
		t.Errorf("environment %q, want %q", env, want)
	}
	args, _ = u.command(benchCell{"poseidon2", 17, "poseidon2", 1, "koalabear", "radix-2-dit-parallel"})
	want = "--field koala-bear --objective poseidon-2-permutations --log-trace-length 17 --discrete-fourier-transform radix-2-dit-parallel --merkle-hash poseidon-2"
	if got := strings.Join(args, " "); got != want {
		t.Errorf("arguments %q, want %q", got, want)
	}
}
