package child

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"rpp-node/cluster/worker"
	"rpp-node/cluster/worker/device"
	"rpp-node/prover/circuit/pruning"
	cpudevice "rpp-node/prover/device"
	"rpp-node/prover/key/derive"
	"rpp-node/prover/merkle"
	"rpp-node/prover/proving"
	"rpp-node/prover/shard"
	"rpp-node/prover/soundness"
)

// job is a task and the file that a single process makes of it.
type job struct {
	task worker.Task
	keys *proving.Keys
	file []byte
}

func newJob(variant, profile string, size int, chainID uint64) (*job, error) {
	v, err := pruning.VariantByName(variant)
	if err != nil {
		return nil, err
	}
	w, err := v.Sample(size, 1)
	if err != nil {
		return nil, err
	}
	in, err := proving.Prepare(pruning.Family, w.AppendBinary(nil))
	if err != nil {
		return nil, err
	}
	p, err := soundness.ProfileByName(profile)
	if err != nil {
		return nil, err
	}
	dev := cpudevice.NewCPU(1)
	k := &proving.Keys{}
	if k.VK, err = derive.Verifying(in.Variant, p, merkle.Poseidon2, dev); err != nil {
		return nil, err
	}
	if k.PK, err = derive.Proving(k.VK, in.Variant.Circuit(), chainID, dev); err != nil {
		return nil, err
	}
	j := &job{keys: k}
	if j.task.Spec, j.task.Witness, err = in.Spec(k.VK, chainID); err != nil {
		return nil, err
	}
	j.task.Key = derive.Encode(k.VK, k.PK)
	m, err := j.local()
	if err != nil {
		return nil, err
	}
	j.file = m.File.Encode()
	return j, nil
}

// local proves the task in this process.
func (j *job) local() (*proving.Made, error) {
	return proving.Make(j.keys, j.task.Spec, j.task.Witness, proving.Options{Device: cpudevice.NewCPU(1), Plan: shard.DefaultPlan()})
}

var smallJob = sync.OnceValues(func() (*job, error) { return newJob("block-16", "fast", 9, 7) })

func small(t *testing.T) *job {
	t.Helper()
	j, err := smallJob()
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// rig is a device whose next task goes wrong as plant is told.
type rig struct {
	*Device
	file string
	log  *bytes.Buffer
}

func (r *rig) plant(t *testing.T, how string) {
	t.Helper()
	if err := os.WriteFile(r.file, []byte(how), 0o600); err != nil {
		t.Fatal(err)
	}
}

func open(t testing.TB, change func(*Options)) *rig {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{file: filepath.Join(t.TempDir(), "plant"), log: &bytes.Buffer{}}
	o := Options{
		Name: "cpu0", Command: []string{exe}, Env: append(os.Environ(), serveVariable+"=1", plantVariable+"="+r.file),
		Threads: 1, Nice: DefaultNice, Log: slog.New(slog.NewTextHandler(r.log, nil)).With("target", "plonky3"), Now: time.Now,
	}
	if change != nil {
		change(&o)
	}
	if r.Device, err = Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// proves runs the job and compares the file.
func (r *rig) proves(t *testing.T, j *job) *worker.Result {
	t.Helper()
	task := j.task
	result, err := r.Run(t.Context(), &task, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(result.ProofFile, j.file) {
		t.Fatal("the file is not the one that a single process makes")
	}
	return result
}

// fails runs the job, which must fail with that outcome.
func (r *rig) fails(t *testing.T, j *job, want device.Outcome) *device.Error {
	t.Helper()
	task := j.task
	_, err := r.Run(t.Context(), &task, nil)
	var e *device.Error
	if !errors.As(err, &e) || e.Outcome != want {
		t.Fatalf("%v, want %s", err, want)
	}
	return e
}

func TestProvesAsOneProcess(t *testing.T) {
	j := small(t)
	r := open(t, nil)
	task := j.task
	var stages []string
	result, err := r.Run(t.Context(), &task, func(s string) { stages = append(stages, s) })
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(result.ProofFile, j.file) {
		t.Error("the file is not the one that a single process makes")
	}
	u := result.Usage
	if len(stages) == 0 || stages[0] != "prepare" || len(u.Stages) < max(5, len(stages)) {
		t.Errorf("stages %v, measured %v", stages, u.Stages)
	}
	if u.Wall <= 0 || u.CPU <= 0 || u.Cells == 0 || u.PeakBytes < 4<<20 {
		t.Errorf("usage %+v", u)
	}
	if r.ResidentBytes() < 4<<20 {
		t.Errorf("%d bytes resident", r.ResidentBytes())
	}
	first := r.current
	r.proves(t, j)
	if r.current != first || len(first.held) != 1 {
		t.Error("the second task had another process, or another copy of the key")
	}
}

func TestWrongWitnesses(t *testing.T) {
	j := small(t)
	r := open(t, nil)
	first := r.current
	bad := *j
	bad.task.Witness = bytes.Clone(j.task.Witness)
	bad.task.Witness[20] ^= 1
	r.fails(t, &bad, device.Unavailable)
	other := *j
	s := *j.task.Spec
	s.Publics = append(s.Publics[:0:0], s.Publics...)
	for i, p := range s.Publics {
		if len(p) > 0 {
			s.Publics[i] = append(p[:0:0], p...)
			s.Publics[i][0]++
			break
		}
	}
	other.task.Spec = &s
	r.fails(t, &other, device.InvalidWitness)
	noKey := *j
	noKey.task.Key = nil
	k := s
	k.Fingerprint[0] ^= 1
	noKey.task.Spec = &k
	r.fails(t, &noKey, device.Unavailable)
	r.proves(t, j)
	if r.current != first {
		t.Error("a typed failure cost the process")
	}
}

// Whatever happens to the process costs one attempt, and the next task works.
func TestProcessEnds(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process for each row")
	}
	j := small(t)
	for how, c := range map[string]struct {
		want   device.Outcome
		reason string
	}{
		"panic":    {device.Crashed, "panic: planted kernel fault"},
		"mappings": {device.OutOfMemory, "cannot allocate memory"},
		"heap":     {device.OutOfMemory, "out of memory"},
		"noise":    {device.Crashed, "not a frame"},
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			r := open(t, func(o *Options) { o.MemoryBytes = 256 << 20 })
			r.plant(t, how)
			e := r.fails(t, j, c.want)
			if !strings.Contains(e.Reason, c.reason) || len(e.Reason) > MaxCrashTextBytes+200 {
				t.Errorf("reason %q, want one with %q", e.Reason, c.reason)
			}
			if e.Usage.CPU <= 0 || e.Usage.PeakBytes == 0 {
				t.Errorf("usage %+v", e.Usage)
			}
			r.plant(t, "")
			r.proves(t, j)
			if how == "panic" && !strings.Contains(r.log.String(), "target=plonky3") {
				t.Errorf("log %q", r.log)
			}
		})
	}
}

func TestTimeLimit(t *testing.T) {
	j := small(t)
	r := open(t, nil)
	r.plant(t, "hang")
	slow := *j
	slow.task.TimeLimit = 100 * time.Millisecond
	r.fails(t, &slow, device.TimeLimit)
	r.plant(t, "")
	r.proves(t, j)
	if r.failures != 0 {
		t.Error("an overdue task counts as a failure of the process")
	}
}

func TestKilled(t *testing.T) {
	j := small(t)
	r := open(t, nil)
	r.plant(t, "hang")
	pid := r.current.cmd.Process.Pid
	time.AfterFunc(50*time.Millisecond, func() { syscall.Kill(pid, syscall.SIGKILL) })
	if e := r.fails(t, j, device.Crashed); !strings.Contains(e.Reason, "signal 9") {
		t.Errorf("reason %q", e.Reason)
	}
	r.plant(t, "")
	r.proves(t, j)
}

// A process that dies while idle is nobody's attempt.
func TestKilledWhileIdle(t *testing.T) {
	j := small(t)
	r := open(t, nil)
	p := r.current
	syscall.Kill(p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.done
	r.proves(t, j)
}

func TestCancelled(t *testing.T) {
	j := small(t)
	r := open(t, nil)
	r.plant(t, "hang")
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := r.Run(ctx, &j.task, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want cancelled", err)
	}
	r.plant(t, "")
	r.proves(t, j)
}

func TestCloseEndsATask(t *testing.T) {
	j := small(t)
	r := open(t, nil)
	r.plant(t, "hang")
	time.AfterFunc(50*time.Millisecond, func() { r.Close() })
	if _, err := r.Run(t.Context(), &j.task, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("%v, want ErrClosed", err)
	}
	if _, err := r.Run(t.Context(), &j.task, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("%v, want ErrClosed", err)
	}
}

// Alone is a process in which nobody else's task ran.
func TestAlone(t *testing.T) {
	j := small(t)
	r := open(t, nil)
	r.proves(t, j)
	first := r.current
	alone := *j
	alone.task.Alone = true
	r.proves(t, &alone)
	if r.current == first {
		t.Error("the task shared a process")
	}
}

func TestOpenFails(t *testing.T) {
	for name, command := range map[string][]string{
		"no such program": {"/nonexistent"}, "exits": {"false"}, "another protocol": {"echo", "hello, world, and more"},
	} {
		_, err := Open(t.Context(), Options{Name: "x", Command: command, Log: slog.New(slog.DiscardHandler), Now: time.Now})
		if err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}
