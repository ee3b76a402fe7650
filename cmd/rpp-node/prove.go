package main

import (
	"fmt"
	"io"
	"log/slog"

	"rpp-node/prover/codec"
	"rpp-node/prover/device"
	"rpp-node/prover/interop"
	"rpp-node/prover/merkle"
	"rpp-node/prover/proving"
	"rpp-node/prover/shard"
	"rpp-node/prover/soundness"
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

// proofJob is one proof to make.
type proofJob struct {
	input   *proving.Prepared
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
	*proving.Made
	sys   *system.System
	took  float64
	watch *stages
}

// run makes the keys and proves.
func (j *proofJob) run() (*proved, error) {
	vk, pk, err := provingKey(j.input.Variant, j.profile, j.hash, j.chainID, j.keys, j.dev)
	if err != nil {
		return nil, err
	}
	plan := shard.DefaultPlan()
	plan.LogShards = j.shards
	watch := newStages(j.show, j.input.Variant.Family)
	watch.log = j.log
	made, err := j.input.Prove(&proving.Keys{VK: vk, PK: pk}, j.chainID, proving.Options{
		Device: j.dev, Plan: plan, Floor: j.floor, MemoryLimit: int64(j.memory), Checked: j.warn, Begin: watch.begin,
	})
	if err != nil {
		return nil, memoryLimit(witnessError(lowerFloor(err)))
	}
	return &proved{Made: made, sys: pk.Sys, took: watch.total(), watch: watch}, nil
}

// warn says so if the proof to come is for development only.
func (j *proofJob) warn(r soundness.Report) {
	if err := soundness.CheckFloor(r, soundness.DefaultFloor); err != nil && j.show != nil {
		fmt.Fprintf(j.show, "warning: for development only: %v\n", err)
	}
}

// verify checks the proof that was just made.
func (p *proved) verify() error {
	return verifier.VerifyBytes(p.sys, &verifier.Statement{LogHeights: p.File.LogHeights, Publics: p.File.Publics}, p.File.Proof, codec.MaxProofBytes)
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
	in, err := loadWitness(c.Family, c.Witness)
	if err != nil {
		return err
	}
	show := e.err
	if c.JSON {
		show = nil
	}
	job := proofJob{
		input: in, profile: profile, hash: hash, chainID: c.ChainID, keys: c.Keys,
		floor: floorFor(c.Floor, c.Profile), shards: c.Shards, memory: c.Memory, dev: dev, show: show, log: e.log,
	}
	p, err := job.run()
	if err != nil {
		return err
	}
	v := in.Variant
	e.log.Info("proved", "family", v.Family, "variant", v.Name, "profile", profile.Name, "hash", c.Hash, "chain_id", c.ChainID, "device", dev.Name(),
		"fingerprint", fmt.Sprintf("%x", p.File.Fingerprint), "ms", p.took, "bytes", len(p.File.Proof))
	b := p.File.Encode()
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
		Fingerprint: fmt.Sprintf("%x", p.File.Fingerprint), ProofBytes: len(p.File.Proof), FileBytes: len(b),
		ProveMS: p.took, Stages: p.watch.Took, Soundness: p.Report,
	}
	if c.JSON {
		return writeJSON(e.out, &r)
	}
	fmt.Fprintf(e.out, "proved %s/%s %s in %.0f ms, %d bytes, %s\n", v.Family, v.Name, in.Witness.Summary(), r.ProveMS, r.FileBytes, p.Report.Lines()[0])
	return nil
}

// writeUpstream writes the bare proof and, beside it, its instance without traces: with
// the exported circuit they are all that upstream's verifier needs.
func writeUpstream(name string, p *proved) error {
	instance, err := interop.EncodeInstance(p.sys.Ext.Base, p.sys.Circuit.Name, &interop.Instance{LogHeights: p.File.LogHeights, Publics: p.File.Publics})
	if err != nil {
		return err
	}
	if err := writeFile(name+".instance.json", instance); err != nil {
		return err
	}
	return writeFile(name, p.File.Proof)
}
