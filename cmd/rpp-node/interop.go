package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"rpp-node/prover/codec"
	"rpp-node/prover/device"
	"rpp-node/prover/interop"
	"rpp-node/prover/key"
	"rpp-node/prover/shard"
	"rpp-node/prover/soundness"
	"rpp-node/prover/stark"
	"rpp-node/prover/system"
	"rpp-node/prover/verifier"
)

// interopCmd works on circuits as files. The security floor does not apply: the bits that
// the parameters attain are printed.
type interopCmd struct {
	Prove  interopProveCmd  `cmd:"" help:"Write the proof of an instance with traces."`
	Verify interopVerifyCmd `cmd:"" help:"Verify a bare proof; exit 0 or 1."`
}

type interopFiles struct {
	Circuit  string `arg:"" help:"rpp-circuit-1 file."`
	Instance string `arg:"" help:"rpp-instance-1 file."`
	Proof    string `arg:"" help:"Proof in upstream's encoding."`
	Threads  int    `help:"Worker threads; 0 for all cores." default:"0"`
	JSON     bool   `help:"Print the result as JSON."`
}

// load reads the circuit, derives its preprocessed commitment, and reads the instance.
func (f *interopFiles) load() (*stark.Key, *interop.Instance, *device.CPU, error) {
	dev, err := threads(f.Threads)
	if err != nil {
		return nil, nil, nil, err
	}
	b, err := readFile(f.Circuit, interop.MaxFileBytes)
	if err != nil {
		return nil, nil, nil, err
	}
	s, err := interop.DecodeCircuit(b, func(name string) ([]byte, error) {
		if !filepath.IsLocal(name) {
			return nil, usageError{fmt.Errorf("%s: tables: %q is not below the circuit's folder", f.Circuit, name)}
		}
		return readFile(filepath.Join(filepath.Dir(f.Circuit), name), interop.MaxFileBytes)
	})
	if err != nil {
		return nil, nil, nil, fmt.Errorf("%s: %w", f.Circuit, err)
	}
	if b, err = readFile(f.Instance, interop.MaxFileBytes); err != nil {
		return nil, nil, nil, err
	}
	in, err := interop.DecodeInstance(b, s)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("%s: %w", f.Instance, err)
	}
	if err := s.CheckHeights(in.LogHeights); err != nil {
		return nil, nil, nil, fmt.Errorf("%s: %w", f.Instance, err)
	}
	if err := s.CheckPublics(in.Publics); err != nil {
		return nil, nil, nil, fmt.Errorf("%s: %w", f.Instance, err)
	}
	return stark.NewKey(s, dev), in, dev, nil
}

// interopResult is what the commands print.
type interopResult struct {
	Verdict    string           `json:"verdict"`
	ProofBytes int              `json:"proof_bytes"`
	Millis     float64          `json:"ms"`
	Soundness  soundness.Report `json:"soundness"`
}

func (r *interopResult) print(e *env, asJSON bool) error {
	if asJSON {
		return writeJSON(e.out, r)
	}
	fmt.Fprintf(e.out, "%s %d bytes, %.1f ms\n", r.Verdict, r.ProofBytes, r.Millis)
	for _, line := range r.Soundness.Lines() {
		fmt.Fprintln(e.out, line)
	}
	return nil
}

func millis(since time.Time) float64 { return float64(time.Since(since).Microseconds()) / 1000 }

type interopProveCmd struct {
	interopFiles `embed:""`
	Force        bool `help:"Prove even if the traces break a constraint; the proof will be rejected."`
}

func (c *interopProveCmd) Help() string {
	return "Example:\n  rpp-node interop prove fib.circuit.json fib.instance.json fib.bin"
}

func (c *interopProveCmd) Run(e *env) error {
	k, in, dev, err := c.load()
	if err != nil {
		return err
	}
	if in.Traces == nil {
		return usageError{fmt.Errorf("%s: traces: missing; proving needs them", c.Instance)}
	}
	if !c.Force {
		if err := k.Sys.Circuit.Check(in.Traces, in.Publics); err != nil {
			return err
		}
	}
	report, err := key.Analyse(k.Sys, in.LogHeights)
	if err != nil {
		return err
	}
	watch := newStages(e.err, "interop")
	if c.JSON {
		watch.w = nil
	}
	start := time.Now()
	p, err := stark.Prove(k, &stark.Witness{Traces: in.Traces, Publics: in.Publics},
		stark.Options{Device: dev, Plan: shard.DefaultPlan(), Begin: watch.begin, Consume: true})
	if err != nil {
		return err
	}
	took := millis(start)
	b := codec.Format{Ext: k.Sys.Ext, Hash: k.Sys.Hash}.Encode(nil, p)
	if err := writeFile(c.Proof, b); err != nil {
		return err
	}
	e.log.Info("proved", "circuit", c.Circuit, "ms", took, "bytes", len(b))
	return (&interopResult{"proved", len(b), took, report}).print(e, c.JSON)
}

type interopVerifyCmd struct {
	interopFiles `embed:""`
}

func (c *interopVerifyCmd) Help() string {
	return "Example:\n  rpp-node interop verify fib.circuit.json fib.instance.json fib.bin"
}

func (c *interopVerifyCmd) Run(e *env) error {
	k, in, _, err := c.load()
	if errors.Is(err, system.ErrHeights) || errors.Is(err, system.ErrPublics) {
		return fmt.Errorf("%w: %w", errRejected, err) // no proof is one of such an instance
	}
	if err != nil {
		return err
	}
	b, err := readFile(c.Proof, codec.MaxInteropBytes)
	if err != nil {
		return err
	}
	report, err := key.Analyse(k.Sys, in.LogHeights)
	if err != nil {
		return err
	}
	start := time.Now()
	st := &verifier.Statement{LogHeights: in.LogHeights, Publics: in.Publics}
	if err := verifier.VerifyBytes(k.Sys, st, b, codec.MaxInteropBytes); err != nil {
		return err
	}
	took := millis(start)
	e.log.Info("verified", "circuit", c.Circuit, "ms", took, "bytes", len(b))
	return (&interopResult{"verified", len(b), took, report}).print(e, c.JSON)
}
