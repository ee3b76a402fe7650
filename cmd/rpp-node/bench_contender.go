package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"rpp-node/prover/kernels"
	"rpp-node/prover/stark"
)

// contender is a program that makes and verifies one proof in a process of its own.
type contender struct {
	name string // "base" or "new"
	path string
	// command is the arguments and the extra environment for a cell.
	command func(benchCell) (args, env []string)
	// read understands what the program printed.
	read func(cell benchCell, stdout []byte) (*benchRun, error)
}

// benchRun is what one process did. Trace generation is in none of the times.
type benchRun struct {
	ProveMS    float64            `json:"prove_ms"`
	GrindMS    float64            `json:"grind_ms"` // of the proving: the search for a nonce, which is luck
	VerifyMS   float64            `json:"verify_ms"`
	PeakBytes  int64              `json:"peak_memory_bytes"` // of the whole process; 0 if unknown
	CPUSeconds float64            `json:"cpu_s"`             // of the whole process
	Seconds    float64            `json:"wall_s"`            // likewise
	ProofBytes int                `json:"proof_bytes"`
	Order      []string           `json:"stage_order"`
	Stages     map[string]float64 `json:"stages_ms"`
	Program    string             `json:"program"` // revision and device
}

// program finds an executable by its path; name is the flag that named it.
func program(flag, path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", usageError{fmt.Errorf("%s: %w", flag, err)}
	case err != nil:
		return "", usageError{fmt.Errorf("%s: %v", flag, err)}
	case !info.Mode().IsRegular() || info.Mode()&0o111 == 0:
		return "", usageError{fmt.Errorf("%s: %s is not an executable file", flag, path)}
	}
	return filepath.Abs(path)
}

// ourBuild is a build of rpp-node. Its verify time is from the bytes of the proof to the
// verdict; without decoding it is what upstream's example measures, which verifies the
// proof it has in memory.
func ourBuild(name, path string, decoding bool) contender {
	return contender{
		name: name, path: path,
		command: func(c benchCell) (args, env []string) {
			n := strconv.Itoa(c.Threads)
			args = []string{"bench", "--profile", "bench", "--circuit", c.Circuit, "--log-rows", strconv.Itoa(c.LogRows),
				"--hash", c.Tree, "--field", c.Field, "--threads", n, "--json"}
			// The garbage collector gets no more cores than the prover.
			return args, []string{"GOMAXPROCS=" + n, kernels.Variable + "=" + kernels.Active().String()}
		},
		read: func(c benchCell, stdout []byte) (*benchRun, error) {
			var r benchResult
			if err := json.Unmarshal(stdout, &r); err != nil {
				return nil, fmt.Errorf("not the JSON of rpp-node bench: %w", err)
			}
			if r.Circuit != c.Circuit || r.LogRows != c.LogRows || r.Hash != c.Tree || r.Field != c.Field || r.Threads != c.Threads {
				return nil, fmt.Errorf("measured %s 2^%d tree=%s threads=%d over %s, not what it was asked for", r.Circuit, r.LogRows, r.Hash, r.Threads, r.Field)
			}
			if r.ProveMS <= 0 || r.VerifyMS <= 0 {
				return nil, errors.New("no prove_ms or no verify_ms in its JSON")
			}
			run := &benchRun{
				ProveMS: r.ProveMS, GrindMS: r.Stages[string(stark.StageGrind)], VerifyMS: r.VerifyMS, ProofBytes: r.ProofBytes,
				Order: r.Order, Stages: r.Stages, Program: fmt.Sprintf("rpp-node %s on %s", r.Revision, r.Device),
			}
			if !decoding {
				run.VerifyMS -= r.DecodeMS
			}
			return run, nil
		},
	}
}

// tail is the end of a failed program's standard error, for a message.
func tail(b []byte, limit int) string {
	if len(b) > limit {
		return "…" + string(b[len(b)-limit:])
	}
	return string(b)
}

// failed explains why a program gave no figures.
func (c *contender) failed(cell benchCell, err error, stderr []byte) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("%s (%s) on %v: %w: %s", c.name, c.path, cell, err, tail(stderr, 600))
	}
	return fmt.Errorf("%s (%s) on %v: %w", c.name, c.path, cell, err)
}
