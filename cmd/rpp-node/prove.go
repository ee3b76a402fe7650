package main

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"rpp-node/prover/circuit"
	"rpp-node/prover/codec"
	"rpp-node/prover/container"
	"rpp-node/prover/device"
	"rpp-node/prover/interop"
	"rpp-node/prover/merkle"
	"rpp-node/prover/ntt"
	"rpp-node/prover/shard"
	"rpp-node/prover/soundness"
	"rpp-node/prover/stark"
	"rpp-node/prover/system"
	"rpp-node/prover/verifier"
)

// proveCmd proves a witness of a family.
type proveCmd struct {
	Family   string   `help:"Circuit family; see 'circuits list'." required:""`
	Witness  string   `help:"Witness file, JSON or binary." required:""`
	Out      string   `short:"o" help:"Proof file to write." required:""`
	Upstream string   `name:"upstream-out" help:"Also write the bare proof in upstream's encoding, and FILE.instance.json."`
	Profile  string   `help:"production, production-fast, fast or bench." default:"production"`
	Hash     string   `help:"poseidon2 or keccak: tree and transcript." default:"poseidon2"`
	ChainID  uint64   `name:"chain-id" help:"Chain that the proof is bound to; 0 for development." default:"0"`
	Keys     string   `help:"Key directory; without it keys are derived." env:"RPP_KEYS"`
	Floor    *float64 `name:"security-floor" placeholder:"100" help:"Proven bits below which to refuse; without it 100, or none for a development profile (fast, bench) named by --profile."`
	Threads  int      `help:"Worker threads; 0 for all cores." default:"0"`
	Shards   int      `name:"log-shards" help:"log2 of the shards that the proof is cut into." default:"0"`
	Memory   byteSize `name:"memory-limit" help:"Refuse a proof that would take more, such as 300MiB; none by default."`
	JSON     bool     `help:"Print the result as JSON."`
}

func (c *proveCmd) Help() string {
	return "Examples:\n" +
		"  rpp-node witness sample --family pruning --seed 1 -o block.json\n" +
		"  rpp-node prove --family pruning --witness block.json -o block.proof\n" +
		"  rpp-node prove --family pruning --witness block.json --profile fast -o quick.proof"
}

// proveResult is what the command prints.
type proveResult struct {
	Family      string             `json:"family"`
	Variant     string             `json:"variant"`
	Profile     string             `json:"profile"`
	Hash        string             `json:"hash"`
	ChainID     uint64             `json:"chain_id"`
	Device      string             `json:"device"`
	Fingerprint string             `json:"fingerprint"`
	ProofBytes  int                `json:"proof_bytes"`
	FileBytes   int                `json:"file_bytes"`
	ProveMS     float64            `json:"prove_ms"`
	Stages      map[string]float64 `json:"stages_ms"`
	Soundness   soundness.Report   `json:"soundness"`
}

// proving is one proof to make.
type proving struct {
	witness circuit.Witness
	variant *circuit.Variant
	profile soundness.Profile
	hash    merkle.Kind
	chainID uint64
	keys    string
	floor   float64
	shards  int
	memory  byteSize
	dev     *device.CPU
	show    io.Writer
	log     *slog.Logger
}

// proved is a proof just made.
type proved struct {
	file   *container.File
	sys    *system.System
	report soundness.Report
	took   float64
	watch  *stages
}

// run checks the witness, makes the keys and proves.
func (p *proving) run() (*proved, error) {
	vk, pk, err := provingKey(p.variant, p.profile, p.hash, p.chainID, p.keys, p.dev)
	if err != nil {
		return nil, err
	}
	if err := p.fitsAny(pk); err != nil {
		return nil, err
	}
	traces, publics, err := p.witness.Traces()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errRejected, err)
	}
	if err := pk.Sys.Circuit.Check(traces, publics); err != nil {
		return nil, err
	}
	heights := make([]int, len(traces))
	for i, t := range traces {
		heights[i] = ntt.Log(t.Height())
	}
	if err := vk.CheckHeights(heights); err != nil {
		return nil, err
	}
	report, err := checkFloor(pk.Sys, heights, p.floor)
	if err != nil {
		return nil, err
	}
	if err := soundness.CheckFloor(report, soundness.DefaultFloor); err != nil && p.show != nil {
		fmt.Fprintf(p.show, "warning: for development only: %v\n", err)
	}
	keep, err := admit(pk.Footprint(heights, p.dev.Workers(), true, false), p.memory)
	if err != nil {
		return nil, err
	}
	plan := shard.DefaultPlan()
	plan.LogShards = p.shards
	watch := newStages(p.show, p.variant.Family)
	watch.log = p.log
	start := time.Now()
	proof, err := stark.Prove(pk, &stark.Witness{Traces: traces, Publics: publics}, stark.Options{Device: p.dev, Plan: plan, Begin: eachOf(keep, watch.begin), Consume: true})
	if err != nil {
		return nil, err
	}
	took := millis(start)
	return &proved{
		file: &container.File{
			Family: p.variant.Family, Variant: p.variant.Name, Profile: p.profile.Name, Hash: p.hash.String(), Field: vk.Field,
			ChainID: p.chainID, Fingerprint: vk.Fingerprint(), LogHeights: heights, Publics: publics,
			Proof: codec.Format{Ext: pk.Sys.Ext, Hash: pk.Sys.Hash}.Encode(nil, proof),
		},
		sys: pk.Sys, report: report, took: took, watch: watch,
	}, nil
}

// fitsAny refuses, before the witness is expanded, what would not fit the limit at any of
// the heights that the variant may have.
func (p *proving) fitsAny(pk *stark.Key) error {
	var err error
	for _, heights := range p.variant.Heights {
		if err = fits(pk.Footprint(heights, p.dev.Workers(), true, false), p.memory); err == nil {
			return nil
		}
	}
	return err
}

// verify checks the proof that was just made.
func (p *proved) verify() error {
	return verifier.VerifyBytes(p.sys, &verifier.Statement{LogHeights: p.file.LogHeights, Publics: p.file.Publics}, p.file.Proof, codec.MaxProofBytes)
}

func profileAndHash(profile, hash string) (soundness.Profile, merkle.Kind, error) {
	p, err := soundness.ProfileByName(profile)
	if err != nil {
		return p, 0, err
	}
	k, ok := merkle.KindByName(hash)
	if !ok {
		return p, 0, usageError{fmt.Errorf("--hash: %q, want poseidon2 or keccak", hash)}
	}
	return p, k, nil
}

func (c *proveCmd) Run(e *env) error {
	profile, hash, err := profileAndHash(c.Profile, c.Hash)
	if err != nil {
		return err
	}
	dev, err := threads(c.Threads)
	if err != nil {
		return err
	}
	v, w, err := loadWitness(c.Family, c.Witness)
	if err != nil {
		return err
	}
	show := e.err
	if c.JSON {
		show = nil
	}
	job := proving{
		witness: w, variant: v, profile: profile, hash: hash, chainID: c.ChainID, keys: c.Keys,
		floor: floorFor(c.Floor, c.Profile), shards: c.Shards, memory: c.Memory, dev: dev, show: show, log: e.log,
	}
	p, err := job.run()
	if err != nil {
		return err
	}
	e.log.Info("proved", "family", v.Family, "variant", v.Name, "profile", profile.Name, "hash", c.Hash, "chain_id", c.ChainID, "device", dev.Name(),
		"fingerprint", fmt.Sprintf("%x", p.file.Fingerprint), "ms", p.took, "bytes", len(p.file.Proof))
	b := p.file.Encode()
	if err := writeFile(c.Out, b); err != nil {
		return err
	}
	if c.Upstream != "" {
		if err := writeUpstream(c.Upstream, p); err != nil {
			return err
		}
	}
	r := proveResult{
		Family: v.Family, Variant: v.Name, Profile: profile.Name, Hash: c.Hash, ChainID: c.ChainID, Device: dev.Name(),
		Fingerprint: fmt.Sprintf("%x", p.file.Fingerprint), ProofBytes: len(p.file.Proof), FileBytes: len(b),
		ProveMS: p.took, Stages: p.watch.Took, Soundness: p.report,
	}
	if c.JSON {
		return writeJSON(e.out, &r)
	}
	fmt.Fprintf(e.out, "proved %s/%s %s in %.0f ms, %d bytes, %s\n", v.Family, v.Name, w.Summary(), r.ProveMS, r.FileBytes, p.report.Lines()[0])
	return nil
}

// writeUpstream writes the bare proof and, beside it, its instance without traces: with
// the exported circuit they are all that upstream's verifier needs.
func writeUpstream(name string, p *proved) error {
	instance, err := interop.EncodeInstance(p.sys.Ext.Base, p.sys.Circuit.Name, &interop.Instance{LogHeights: p.file.LogHeights, Publics: p.file.Publics})
	if err != nil {
		return err
	}
	if err := writeFile(name+".instance.json", instance); err != nil {
		return err
	}
	return writeFile(name, p.file.Proof)
}
