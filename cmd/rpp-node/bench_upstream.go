package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Upstream's example prove_prime_field_31 proves the same tables with the parameters of
// our bench profile. It prints a tree of spans, each with its wall time to three digits:
//
//	INFO     prove [ 1.14s | 0.00% / 100.00% ]
//	INFO     ┕━ prove_with_preprocessed [ 1.14s | 16.79% / 100.00% ]
//	INFO        ┝━ commit to trace data [ 835ms | 73.21% ]

// upstreamNames translates our names of circuits, trees and fields.
var upstreamNames = map[string]string{
	"circuit poseidon2": "poseidon-2-permutations", "circuit keccak-f": "keccak-f-permutations",
	"tree poseidon2": "poseidon-2", "tree keccak": "keccak-f",
	"field koalabear": "koala-bear", "field babybear": "baby-bear",
}

// upstreamDFTs are its transforms, the usual one first.
var upstreamDFTs = []string{"radix-2-dit-parallel", "small-batch-dft", "recursive-dft"}

// checkUpstream refuses cells that the example does not have.
func checkUpstream(cells []benchCell) error {
	for _, c := range cells {
		if upstreamNames["circuit "+c.Circuit] == "" {
			return usageError{fmt.Errorf("--circuit: upstream's example has no %s; use poseidon2 or keccak-f", c.Circuit)}
		}
		if !slices.Contains(upstreamDFTs, c.DFT) {
			return usageError{fmt.Errorf("--dft %q: want %s", c.DFT, strings.Join(upstreamDFTs, ", "))}
		}
	}
	return nil
}

func upstreamExample(name, path string) contender {
	return contender{
		name: name, path: path,
		command: func(c benchCell) (args, env []string) {
			args = []string{"--field", upstreamNames["field "+c.Field], "--objective", upstreamNames["circuit "+c.Circuit],
				"--log-trace-length", strconv.Itoa(c.LogRows), "--discrete-fourier-transform", c.DFT, "--merkle-hash", upstreamNames["tree "+c.Tree]}
			return args, []string{"RAYON_NUM_THREADS=" + strconv.Itoa(c.Threads), "RUST_LOG=info"}
		},
		read: func(_ benchCell, stdout []byte) (*benchRun, error) { return readUpstream(string(stdout)) },
	}
}

// span is one line of the tree.
type span struct {
	name  string
	depth int
	took  float64 // milliseconds
}

var (
	escapes = regexp.MustCompile("\x1b\\[[0-9;]*m") // colours
	// The level's name is padded to eight characters; the tree is drawn after one more.
	spanLine = regexp.MustCompile(`^INFO     ([│┝┕━ ]*)([^│┝┕━ ].*) \[ ([0-9.]+(?:ns|µs|ms|s)) \| [^\[\]]*\]$`)
)

// treeStep is the width of a level of the tree, in characters.
const treeStep = 3

// readSpan understands a line of the tree.
func readSpan(line string) (span, bool) {
	m := spanLine.FindStringSubmatch(line)
	if m == nil {
		return span{}, false
	}
	d, err := time.ParseDuration(m[3])
	if err != nil {
		return span{}, false
	}
	return span{name: m[2], depth: utf8.RuneCountInString(m[1]) / treeStep, took: float64(d) / 1e6}, true
}

// The stages of its prove span that are not spans of its own.
const (
	upstreamGrind = "grind" // taken out of open
	upstreamOther = "other" // what no span tells: mostly the constraints
)

// readUpstream takes the figures out of what the example prints: of its root spans the
// one named prove and the one named verify, beside the one that generates the trace.
func readUpstream(out string) (*benchRun, error) {
	r := &benchRun{Stages: map[string]float64{}, Program: "Plonky3 prove_prime_field_31"}
	verified, root, told := false, "", 0.0
	for line := range strings.Lines(escapes.ReplaceAllString(out, "")) {
		line = strings.TrimRight(line, "\r\n")
		verified = verified || line == "Proof Verified Successfully"
		if n, ok := strings.CutPrefix(line, "Proof size: "); ok {
			r.ProofBytes, _ = strconv.Atoi(strings.TrimSuffix(n, " bytes"))
		}
		s, ok := readSpan(line)
		if !ok {
			continue
		}
		if s.depth == 0 {
			root = s.name
		}
		switch {
		case s.depth == 0 && s.name == "prove":
			r.ProveMS = s.took
		case s.depth == 0 && s.name == "verify":
			r.VerifyMS = s.took
		case root == "prove" && s.depth == 2:
			r.Order = append(r.Order, s.name)
			r.Stages[s.name] += s.took
			told += s.took
		case root == "prove" && s.name == "grind for proof-of-work witness":
			r.GrindMS += s.took
		}
	}
	switch {
	case !verified:
		return nil, errors.New("its proof was not verified: no line \"Proof Verified Successfully\"")
	case r.ProveMS == 0 || r.VerifyMS == 0:
		return nil, errors.New("no prove or no verify span in what it printed")
	}
	r.Order = append(r.Order, upstreamGrind, upstreamOther)
	if _, ok := r.Stages["open"]; ok {
		r.Stages["open"] -= r.GrindMS
	}
	r.Stages[upstreamGrind], r.Stages[upstreamOther] = r.GrindMS, r.ProveMS-told
	return r, nil
}
