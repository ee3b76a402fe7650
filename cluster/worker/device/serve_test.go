package device

import (
	"bytes"
	"io"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rpp-node/cluster/fault"
	"rpp-node/prover/circuit/pruning"
	"rpp-node/prover/device"
	"rpp-node/prover/key/derive"
	"rpp-node/prover/merkle"
	"rpp-node/prover/proving"
	"rpp-node/prover/shard"
	"rpp-node/prover/soundness"
	"rpp-node/prover/spec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// job is a small job for which a device and this process make the same file.
type job struct {
	keys    *proving.Keys
	blob    []byte
	spec    *spec.Spec
	witness []byte
	file    []byte
}

var smallJob = sync.OnceValues(func() (*job, error) {
	v, err := pruning.VariantByName("block-16")
	if err != nil {
		return nil, err
	}
	w, err := v.Sample(5, 1)
	if err != nil {
		return nil, err
	}
	in, err := proving.Prepare(pruning.Family, w.AppendBinary(nil))
	if err != nil {
		return nil, err
	}
	p, err := soundness.ProfileByName("fast")
	if err != nil {
		return nil, err
	}
	cpu := device.NewCPU(1)
	j := &job{keys: &proving.Keys{}}
	if j.keys.VK, err = derive.Verifying(in.Variant, p, merkle.Poseidon2, cpu); err != nil {
		return nil, err
	}
	if j.keys.PK, err = derive.Proving(j.keys.VK, in.Variant.Circuit(), 3, cpu); err != nil {
		return nil, err
	}
	j.blob = derive.Encode(j.keys.VK, j.keys.PK)
	if j.spec, j.witness, err = in.Spec(j.keys.VK, 3); err != nil {
		return nil, err
	}
	made, err := proving.Make(j.keys, j.spec, j.witness, proving.Options{Device: cpu, Plan: shard.DefaultPlan()})
	if err != nil {
		return nil, err
	}
	j.file = made.File.Encode()
	return j, nil
})

func small(t *testing.T) *job {
	t.Helper()
	j, err := smallJob()
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func (j *job) load(chainID uint64) *Load {
	return &Load{
		HeldKey: HeldKey{ChainID: chainID, Fingerprint: j.spec.Fingerprint},
		Family:  j.spec.Family, Variant: j.spec.Variant, Blob: j.blob,
	}
}

func (j *job) task(id uint64) *Task {
	return &Task{ID: id, Spec: j.spec.Encode(), Witness: bytes.Clone(j.witness)}
}

// peer is the worker's end of a device that serves in this process.
type peer struct {
	in   *io.PipeWriter
	out  *io.PipeReader
	done chan error
}

func serve(t *testing.T, o Options) *peer {
	t.Helper()
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	p := &peer{in: inW, out: outR, done: make(chan error, 1)}
	o.Threads, o.Now = 1, time.Now
	go func() {
		err := Serve(inR, outW, o)
		inR.CloseWithError(io.ErrClosedPipe)
		outW.Close()
		p.done <- err
	}()
	t.Cleanup(func() {
		inW.Close()
		outR.Close()
		<-p.done
	})
	if err := ReadMagic(outR); err != nil {
		t.Fatal(err)
	}
	if r, ok := p.read(t).(*Ready); !ok || r.Threads != 1 || r.Kernels == "" {
		t.Fatalf("%+v, want ready with one thread", r)
	}
	if err := WriteMagic(inW); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *peer) read(t *testing.T) Message {
	t.Helper()
	m, err := Read(p.out)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// ask sends a message and returns the answer, stages left out.
func (p *peer) ask(t *testing.T, m Message) Message {
	t.Helper()
	if err := Write(p.in, m); err != nil {
		t.Fatal(err)
	}
	for {
		if m := p.read(t); m.kind() != KindStage {
			return m
		}
	}
}

func TestServe(t *testing.T) {
	j := small(t)
	var seen []byte
	p := serve(t, Options{Started: func(w []byte) { seen = w }})
	if f, ok := p.ask(t, j.task(1)).(*Failed); !ok || f.Outcome != Unavailable || f.Code != string(fault.CodeKeyMissing) {
		t.Errorf("%+v, want that the key is missing", f)
	}
	if h, ok := p.ask(t, j.load(3)).(*Held); !ok || len(h.Keys) != 1 || h.Keys[0].ChainID != 3 {
		t.Errorf("%+v, want one key held", h)
	}
	for id := range uint64(2) {
		m, ok := p.ask(t, j.task(id)).(*Proved)
		if !ok || m.ID != id || !bytes.Equal(m.File, j.file) {
			t.Fatalf("task %d: not the file that one process makes", id)
		}
	}
	// The witness was overwritten before the answer was sent.
	if len(seen) != len(j.witness) || bytes.Equal(seen, j.witness) || len(bytes.Trim(seen, "\x00")) > 0 {
		t.Error("the witness is still there")
	}
}

func TestServeFailures(t *testing.T) {
	j := small(t)
	p := serve(t, Options{MemoryLimit: 1 << 20})
	p.ask(t, j.load(3))
	wrong := j.task(1)
	wrong.Witness[9] ^= 1
	garbled := j.task(3)
	garbled.Spec = garbled.Spec[1:]
	other := *j.spec
	other.Hash = "keccak"
	for name, c := range map[string]struct {
		task *Task
		want Outcome
	}{
		"does not fit":    {j.task(2), Declined},
		"another witness": {wrong, Unavailable},
		"no spec":         {garbled, Declined},
		"another hash":    {&Task{Spec: other.Encode(), Witness: bytes.Clone(j.witness)}, Declined},
	} {
		if f, ok := p.ask(t, c.task).(*Failed); !ok || f.Outcome != c.want || f.ID != c.task.ID || f.Reason == "" {
			t.Errorf("%s: %+v, want %s", name, f, c.want)
		}
	}
	damaged := j.load(3)
	damaged.Blob = damaged.Blob[:len(damaged.Blob)-1]
	foreign := j.load(3)
	foreign.Fingerprint[0] ^= 1
	unknown := j.load(3)
	unknown.Family = "state"
	for name, l := range map[string]*Load{"damaged": damaged, "another's": foreign, "no family": unknown} {
		if f, ok := p.ask(t, l).(*Failed); !ok || f.Outcome != Unavailable || f.ID != 0 {
			t.Errorf("%s key: %+v, want unavailable", name, f)
		}
	}
}

// The keys that are kept are the most recently used.
func TestServeKeepsFewKeys(t *testing.T) {
	j := small(t)
	p := serve(t, Options{})
	var h *Held
	for chain := range uint64(MaxKeys) {
		h = p.ask(t, j.load(chain)).(*Held)
	}
	if len(h.Keys) != MaxKeys {
		t.Fatalf("%d keys, want %d", len(h.Keys), MaxKeys)
	}
	s := *j.spec
	s.ChainID = 0
	if _, ok := p.ask(t, &Task{Spec: s.Encode(), Witness: bytes.Clone(j.witness)}).(*Proved); !ok {
		t.Error("not proved on chain 0")
	}
	h = p.ask(t, j.load(MaxKeys)).(*Held)
	var chains []uint64
	for _, k := range h.Keys {
		chains = append(chains, k.ChainID)
	}
	if len(chains) != MaxKeys || chains[0] != 2 || chains[len(chains)-2] != 0 {
		t.Errorf("chains %v are kept, want those but 1", chains)
	}
	if h = p.ask(t, j.load(MaxKeys)).(*Held); len(h.Keys) != MaxKeys {
		t.Errorf("%d keys after loading one again, want %d", len(h.Keys), MaxKeys)
	}
}

func TestServeCalibrates(t *testing.T) {
	if testing.Short() {
		t.Skip("derives a key and proves twice")
	}
	p := serve(t, Options{})
	if m, ok := p.ask(t, &Calibrate{Family: pruning.Family}).(*Measured); !ok || m.Usage.Cells == 0 || m.Usage.Wall <= 0 {
		t.Errorf("%+v, want a measurement", m)
	}
	if f, ok := p.ask(t, &Calibrate{Family: "state"}).(*Failed); !ok || f.Outcome != Unavailable {
		t.Errorf("%+v, want that there is no such family", f)
	}
}

func TestServeEnds(t *testing.T) {
	p := serve(t, Options{})
	p.in.Close()
	if err := <-p.done; err != nil {
		t.Errorf("the end of the input: %v", err)
	}
	p.done <- nil

	p = serve(t, Options{})
	if err := Write(p.in, &Ready{}); err != nil {
		t.Fatal(err)
	}
	if err := <-p.done; err == nil {
		t.Error("a message that is not for a device is taken")
	}
	p.done <- nil
}

// What a task took is measured, where the system tells.
func TestUsage(t *testing.T) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("no /proc")
	}
	j := small(t)
	p := serve(t, Options{})
	p.ask(t, j.load(3))
	m, ok := p.ask(t, j.task(1)).(*Proved)
	if !ok {
		t.Fatal("not proved")
	}
	if u := m.Usage; u.CPU <= 0 || u.Wall <= 0 || u.PeakBytes < 1<<20 || u.Cells == 0 || len(u.Stages) < 5 {
		t.Errorf("usage %+v", u)
	}
}
