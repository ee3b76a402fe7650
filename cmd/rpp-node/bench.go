package main

import (
	"fmt"
	"runtime/metrics"
	"syscall"
	"time"

	"rpp-node/prover/air"
	"rpp-node/prover/circuit"
	"rpp-node/prover/codec"
	"rpp-node/prover/field"
	"rpp-node/prover/key"
	"rpp-node/prover/matrix"
	"rpp-node/prover/memory"
	"rpp-node/prover/proving"
	"rpp-node/prover/shard"
	"rpp-node/prover/stark"
	"rpp-node/prover/system"
	"rpp-node/prover/verifier"
)

// benchCmd measures: one build by itself, or two in turns.
type benchCmd struct {
	Run     benchRunCmd     `cmd:"" default:"withargs" help:"Prove and verify one benchmark circuit and report where the time went."`
	Compare benchCompareCmd `cmd:"" help:"Run two builds, or this one and upstream's example, in turns and print ratios."`
}

// benchRunCmd proves and verifies one benchmark circuit and reports where the time went.
type benchRunCmd struct {
	Circuit string   `help:"fibonacci, poseidon2, keccak-f or p2-lookups." default:"poseidon2"`
	LogRows int      `name:"log-rows" help:"log2 of the number of rows of the tallest tables." default:"14"`
	Profile string   `help:"production, production-fast, fast or bench." default:"bench"`
	Hash    string   `help:"poseidon2 or keccak: tree and transcript." default:"poseidon2"`
	Field   string   `help:"koalabear or babybear." default:"koalabear"`
	Threads int      `help:"Worker threads; 0 for all cores." default:"0"`
	Shards  int      `name:"log-shards" help:"log2 of the shards that the proof is cut into." default:"0"`
	Memory  byteSize `name:"memory-limit" help:"Refuse a proof that would take more, such as 300MiB; none by default."`
	JSON    bool     `help:"Print the result as JSON."`
}

func (c *benchCmd) Help() string {
	return "Examples:\n  rpp-node bench --circuit poseidon2 --log-rows 14 --json\n  rpp-node bench --circuit keccak-f --log-rows 12 --hash keccak --threads 1\n  rpp-node bench --circuit p2-lookups --log-rows 15 --profile production\n  rpp-node bench compare --base ./rpp-node.old --circuit poseidon2 --log-rows 14"
}

type benchResult struct {
	Circuit    string             `json:"circuit"`
	LogRows    int                `json:"log_rows"`
	LogHeights []int              `json:"log_heights"` // by table
	Columns    int                `json:"columns"`     // of all tables
	Field      string             `json:"field"`
	Profile    string             `json:"profile"`
	Hash       string             `json:"hash"`
	Device     string             `json:"device"`
	Threads    int                `json:"threads"`
	KeyMS      float64            `json:"key_ms"` // circuit and proving key, once a process
	TraceMS    float64            `json:"trace_generation_ms"`
	ProveMS    float64            `json:"prove_ms"`
	ProveCPU   float64            `json:"prove_cpu_s"`
	VerifyMS   float64            `json:"verify_ms"` // from the proof's bytes
	DecodeMS   float64            `json:"decode_ms"` // of which decoding took
	PeakBytes  int64              `json:"peak_memory_bytes"`
	Predicted  int64              `json:"predicted_memory_bytes"`
	StopMicros float64            `json:"longest_stop_us"` // until all goroutines had stopped for a collection
	ProofBytes int                `json:"proof_bytes"`
	Order      []string           `json:"stage_order"`
	Stages     map[string]float64 `json:"stages_ms"`
	Proven     float64            `json:"proven_bits"`
	Revision   string             `json:"revision"`
}

// longestStop is how long the garbage collector has waited, at most and in microseconds,
// for every goroutine to stop: as long as the longest kernel call, and what the machine's
// other work adds.
func longestStop() float64 {
	sample := []metrics.Sample{{Name: "/sched/pauses/stopping/gc:seconds"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindFloat64Histogram {
		return 0
	}
	h := sample[0].Value.Float64Histogram()
	for i := len(h.Counts) - 1; i >= 0; i-- {
		if h.Counts[i] > 0 {
			return 1e6 * h.Buckets[i+1] // the bucket's upper bound
		}
	}
	return 0
}

// usage is the CPU time and the peak resident size of the process so far.
func usage() (cpu float64, peak int64) {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0, 0
	}
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return seconds(u.Utime) + seconds(u.Stime), int64(u.Maxrss) * 1024
}

// emptyTraces are matrices for the traces of c, with room for their extension or without.
func emptyTraces(c *air.Circuit, logHeights []int, logBlowup int, room bool) []matrix.Matrix {
	traces := make([]matrix.Matrix, len(logHeights))
	for i, h := range logHeights {
		capacity := h
		if room {
			capacity += logBlowup
		}
		traces[i] = matrix.GetWithin(1<<h, 1<<capacity, c.Tables[i].Width)
	}
	return traces
}

func (c *benchRunCmd) Run(e *env) error {
	dev, err := threads(c.Threads)
	if err != nil {
		return err
	}
	b, err := circuit.BenchmarkByName(c.Circuit)
	if err != nil {
		return usageError{fmt.Errorf("--circuit: %w", err)}
	}
	profile, hash, err := profileAndHash(c.Profile, c.Hash)
	if err != nil {
		return err
	}
	f := field.ByName(c.Field)
	if f == nil {
		return usageError{fmt.Errorf("--field %q: want koalabear or babybear", c.Field)}
	}
	if err := b.CheckField(f); err != nil {
		return usageError{fmt.Errorf("--field: %w", err)}
	}
	x := field.ExtOf(f, profile.Degree)
	if x == nil {
		return usageError{fmt.Errorf("--profile %s: needs an extension of degree %d, which %s has not; use --profile bench", c.Profile, profile.Degree, c.Field)}
	}
	if err := b.CheckRows(f, c.LogRows); err != nil {
		return usageError{fmt.Errorf("--log-rows: %w", err)}
	}
	start := time.Now()
	built := b.Build(f)
	s, err := system.New(&built, x, hash, key.Params(profile), nil)
	if err != nil {
		return err
	}
	k := stark.NewKey(s, dev)
	k.Programs.Compile()
	keyMS := millis(start)
	heights := b.LogHeights(c.LogRows)
	// Lookup columns are made from the traces after these are extended, so that traces with
	// lookups cannot be extended where they lie, and room would be of no use.
	room := !built.HasLookups()
	predicted := k.Footprint(heights, dev.Workers(), true, room)
	keep, err := proving.Admit(predicted, int64(c.Memory))
	if err != nil {
		return memoryLimit(err)
	}
	start = time.Now()
	traces := emptyTraces(&built, heights, profile.LogBlowup, room)
	publics := b.Fill(f, traces, dev.Workers())
	r := benchResult{
		Circuit: c.Circuit, LogRows: c.LogRows, LogHeights: heights, Columns: describe(&built).Columns, Field: c.Field, Profile: c.Profile,
		Hash: c.Hash, Device: dev.Name(), Threads: dev.Workers(), TraceMS: millis(start), Revision: revision(),
	}
	report, err := key.Analyse(s, heights)
	if err != nil {
		return err
	}
	r.Proven = report.Proven().Bits()
	plan := shard.DefaultPlan()
	plan.LogShards = c.Shards
	r.KeyMS, r.Predicted = keyMS, predicted.Peak
	watch := newStages(e.err, "bench")
	if c.JSON {
		watch.w = nil
	}
	cpu, _ := usage()
	start = time.Now()
	p, err := stark.Prove(k, &stark.Witness{Traces: traces, Publics: publics}, stark.Options{Device: dev, Plan: plan, Begin: eachOf(keep, watch.begin), Consume: true})
	if err != nil {
		return err
	}
	r.ProveMS = millis(start)
	memory.Trim() // what the next proof would have used again
	after, peak := usage()
	r.StopMicros = longestStop()
	r.ProveCPU, r.PeakBytes = after-cpu, peak
	r.Stages, r.Order = watch.Took, watch.Order
	format := codec.Format{Ext: x, Hash: hash}
	proof := format.Encode(nil, p)
	r.ProofBytes = len(proof)
	start = time.Now()
	decoded, err := format.Decode(proof, codec.MaxInteropBytes)
	if err != nil {
		return err
	}
	r.DecodeMS = millis(start)
	if err := verifier.Verify(s, &verifier.Statement{LogHeights: heights, Publics: publics}, decoded); err != nil {
		return err
	}
	r.VerifyMS = millis(start)
	if c.JSON {
		return writeJSON(e.out, &r)
	}
	fmt.Fprintf(e.out, "%s 2^%d x %d, %s, %s, %s tree, %d threads: prove %.0f ms (%.2f CPU s), verify %.1f ms, %d bytes, peak %d MiB\n",
		r.Circuit, r.LogRows, r.Columns, r.Field, r.Profile, r.Hash, r.Threads, r.ProveMS, r.ProveCPU, r.VerifyMS, r.ProofBytes, r.PeakBytes>>20)
	return nil
}
