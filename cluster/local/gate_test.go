package local

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"connectrpc.com/connect"
	"golang.org/x/sys/unix"

	"rpp-node/cluster/api"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/node"
	"rpp-node/cluster/worker"
	"rpp-node/prover/circuit"
	"rpp-node/prover/device"
	"rpp-node/prover/key/derive"
	"rpp-node/prover/merkle"
	"rpp-node/prover/proving"
	"rpp-node/prover/soundness"
	"rpp-node/prover/spec"
)

// proverEnv makes the test binary a local prover: it proves and verifies the witnesses
// that it reads, and answers each with the two times in microseconds.
const proverEnv = "RPP_TEST_PROVER"

func localProver(in io.Reader, out io.Writer) error {
	runtime.GOMAXPROCS(1)
	l, err := newAlone()
	if err != nil {
		return err
	}
	for {
		var size uint32
		if err := binary.Read(in, binary.LittleEndian, &size); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		witness := make([]byte, size)
		if _, err := io.ReadFull(in, witness); err != nil {
			return err
		}
		began := time.Now()
		s, file, err := l.prove(witness)
		if err != nil {
			return err
		}
		proved := time.Since(began)
		if err := l.judge.Judge(l.keys.VK, s, file); err != nil {
			return err
		}
		took := [2]int64{proved.Microseconds(), (time.Since(began) - proved).Microseconds()}
		if err := binary.Write(out, binary.LittleEndian, took); err != nil {
			return err
		}
		if err := binary.Write(out, binary.LittleEndian, uint32(len(file))); err != nil {
			return err
		}
		if _, err := out.Write(file); err != nil {
			return err
		}
	}
}

// alone proves and verifies in this process, without a cluster.
type alone struct {
	dev   *device.CPU
	keys  *proving.Keys
	judge *proving.Verifier
}

func newAlone() (*alone, error) {
	f, err := circuit.ByName("pruning")
	if err != nil {
		return nil, err
	}
	v, err := f.Variant(f.Default)
	if err != nil {
		return nil, err
	}
	profile, err := soundness.ProfileByName("production")
	if err != nil {
		return nil, err
	}
	dev := device.NewCPU(1)
	vk, err := derive.Verifying(v, profile, merkle.Poseidon2, dev)
	if err != nil {
		return nil, err
	}
	pk, err := derive.Proving(vk, v.Circuit(), 0, dev)
	if err != nil {
		return nil, err
	}
	pk.Programs.Compile()
	return &alone{dev, &proving.Keys{VK: vk, PK: pk}, proving.NewVerifier(soundness.DefaultFloor)}, nil
}

// prove makes the proof file of a witness.
func (l *alone) prove(witness []byte) (*spec.Spec, []byte, error) {
	p, err := proving.Prepare("pruning", witness)
	if err != nil {
		return nil, nil, err
	}
	s, b, err := p.Spec(l.keys.VK, 0)
	if err != nil {
		return nil, nil, err
	}
	made, err := proving.Make(l.keys, s, b, proving.Options{Device: l.dev, Floor: soundness.DefaultFloor})
	if err != nil {
		return nil, nil, err
	}
	return s, made.File.Encode(), nil
}

// prover is a local prover on one core.
type prover struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out io.ReadCloser
}

func startProver(t *testing.T, cpu int) *prover {
	t.Helper()
	p, err := newProver()
	if err != nil {
		t.Fatal(err)
	}
	pin(t, p.cmd.Process.Pid, cpu)
	t.Cleanup(p.close)
	return p
}

func newProver() (*prover, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &prover{cmd: exec.Command(self)}
	p.cmd.Env = append(os.Environ(), proverEnv+"=1", "GOGC=20")
	p.cmd.Stderr = os.Stderr
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if p.out, err = p.cmd.StdoutPipe(); err != nil {
		return nil, err
	}
	return p, p.cmd.Start()
}

func (p *prover) close() {
	p.in.Close()
	p.cmd.Wait()
}

// pin has a process run on one core.
func pin(t *testing.T, pid, cpu int) {
	var set unix.CPUSet
	set.Set(cpu % runtime.NumCPU())
	if err := unix.SchedSetaffinity(pid, &set); err != nil {
		t.Log("not pinned:", err)
	}
}

func (p *prover) prove(witness []byte) (prove, verify time.Duration, file []byte, err error) {
	if err := binary.Write(p.in, binary.LittleEndian, uint32(len(witness))); err != nil {
		return 0, 0, nil, err
	}
	if _, err := p.in.Write(witness); err != nil {
		return 0, 0, nil, err
	}
	var took [2]int64
	if err := binary.Read(p.out, binary.LittleEndian, &took); err != nil {
		return 0, 0, nil, err
	}
	var size uint32
	if err := binary.Read(p.out, binary.LittleEndian, &size); err != nil {
		return 0, 0, nil, err
	}
	file = make([]byte, size)
	_, err = io.ReadFull(p.out, file)
	return time.Duration(took[0]) * time.Microsecond, time.Duration(took[1]) * time.Microsecond, file, err
}

// locally has the provers prove and verify samples, each taking the next one when it is
// free, and returns the time of the whole and the times of each verification.
func locally(t *testing.T, provers []*prover, all [][]byte) (time.Duration, []time.Duration) {
	t.Helper()
	next := make(chan []byte, len(all))
	for _, w := range all {
		next <- w
	}
	close(next)
	var mu sync.Mutex
	var verify []time.Duration
	began := time.Now()
	var running sync.WaitGroup
	for _, p := range provers {
		running.Go(func() {
			for w := range next {
				_, v, _, err := p.prove(w)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				verify = append(verify, v)
				mu.Unlock()
			}
		})
	}
	running.Wait()
	return time.Since(began), verify
}

// scaled divides a gate's work by SCALE.
func scaled(n int) int {
	s, err := strconv.Atoi(os.Getenv("SCALE"))
	if err != nil || s < 1 {
		s = 1
	}
	return max(n/s, 1)
}

// fullSize says whether a gate runs at full size: speed is judged only then.
func fullSize() bool { return scaled(1000) == 1000 }

func seedsFrom(first uint64, n int) []uint64 {
	list := make([]uint64, n)
	for i := range list {
		list[i] = first + uint64(i)
	}
	return list
}

// witnesses makes the samples of seeds beforehand: clients have theirs.
func witnesses(t *testing.T, seeds []uint64) [][]byte {
	t.Helper()
	f, err := circuit.ByName("pruning")
	if err != nil {
		t.Fatal(err)
	}
	out := make([][]byte, len(seeds))
	for i, seed := range seeds {
		w, err := f.Sample(f.DefaultSize, seed)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = w.Binary()
	}
	return out
}

// release submits a witness and waits for its release.
func release(ctx context.Context, v *node.Caller, witness []byte) error {
	resp, err := v.Jobs.Submit(ctx, connect.NewRequest(&rppv1.SubmitRequest{Family: "pruning", Witness: witness}))
	if err != nil {
		return api.FromError(err)
	}
	j, err := v.Watch(ctx, [32]byte(resp.Msg.Job.Id), func(*rppv1.Job) error { return nil })
	if err == nil && j.State != rppv1.JobState_JOB_STATE_RELEASED {
		err = fmt.Errorf("job %x is %s: %s %s", j.Id, j.State, j.Code, j.Reason)
	}
	return err
}

// throughput submits all witnesses, some at a time, and returns when all are released.
func throughput(ctx context.Context, t *testing.T, v *node.Caller, all [][]byte) time.Duration {
	t.Helper()
	next := make(chan []byte, len(all))
	for _, w := range all {
		next <- w
	}
	close(next)
	began := time.Now()
	var clients sync.WaitGroup
	for range 16 {
		clients.Go(func() {
			for w := range next {
				if err := release(ctx, v, w); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	clients.Wait()
	return time.Since(began)
}

func cpu(who int) time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(who, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func median(list []time.Duration) time.Duration {
	sorted := slices.Clone(list)
	slices.Sort(sorted)
	return sorted[len(sorted)/2]
}

// childCPU is the CPU time of the processes below this one whose environment has a word.
func childCPU(t *testing.T) (total time.Duration) {
	t.Helper()
	self := strconv.Itoa(os.Getpid())
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		stat, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue
		}
		_, rest, ok := strings.Cut(string(stat), ") ")
		fields := strings.Fields(rest)
		env, _ := os.ReadFile("/proc/" + e.Name() + "/environ")
		if !ok || len(fields) < 13 || fields[1] != self || !strings.Contains(string(env), deviceEnv+"=1") {
			continue
		}
		user, _ := strconv.Atoi(fields[11])
		system, _ := strconv.Atoi(fields[12])
		total += time.Duration(user+system) * 10 * time.Millisecond
	}
	return total
}

// TestThroughputGate compares a cluster of three voters and two one-core workers with two
// local provers that prove and verify the same jobs, on the same cores in the same run.
func TestThroughputGate(t *testing.T) {
	if os.Getenv("GATE") == "" {
		t.Skip("run by 'make gate-throughput'")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	jobs, idle := scaled(200), scaled(60)
	provers := []*prover{startProver(t, 0), startProver(t, 1)}
	locally(t, provers, witnesses(t, seedsFrom(1_000_000, 4))) // warm
	o := testOptions(t, 3, 2)
	o.Device = func(ctx context.Context, node string, i int) (worker.Device, error) {
		n, _ := strconv.Atoi(strings.TrimPrefix(node, "worker-"))
		return pinnedDevice(ctx, fmt.Sprintf("%s/%d", node, i), n-1)
	}
	c, err := Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	v, err := c.Validator(ctx, "acme")
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	throughput(ctx, t, v, witnesses(t, seedsFrom(2_000_000, 8))) // warm

	// In turns, so that a drift of the machine's speed hits both sides.
	var local, cluster, voters, devices time.Duration
	var verify []time.Duration
	const turns = 4
	for turn := range turns {
		all := witnesses(t, seedsFrom(uint64(turn)*1000, max(jobs/turns, 2)))
		took, each := locally(t, provers, all)
		local, verify = local+took, append(verify, each...)
		self, children := cpu(syscall.RUSAGE_SELF), childCPU(t)
		cluster += throughput(ctx, t, v, all)
		voters, devices = voters+cpu(syscall.RUSAGE_SELF)-self, devices+childCPU(t)-children
	}
	n := turns * max(jobs/turns, 2)

	// One job at a time: what the cluster adds to proving and verifying alone.
	var alone, inCluster []time.Duration
	for i, seed := range seedsFrom(5_000_000, max(idle, 5)) {
		w := witnesses(t, []uint64{seed})[0]
		p, vt, _, err := provers[i%2].prove(w)
		if err != nil {
			t.Fatal(err)
		}
		alone = append(alone, p+vt)
		began := time.Now()
		if err := release(ctx, v, w); err != nil {
			t.Fatal(err)
		}
		inCluster = append(inCluster, time.Since(began)-(p+vt))
	}
	added, check := median(inCluster), median(verify)
	ratio := float64(local) / float64(cluster)
	bound := 15*time.Millisecond + 2*check
	fmt.Printf("throughput jobs=%d ratio=%.3f local_ms=%d cluster_ms=%d voters_cpu_ms_per_job=%.2f devices_cpu_ms_per_job=%.2f verify_p50_ms=%.2f added_p50_ms=%.2f added_bound_ms=%.2f local_p50_ms=%.1f\n",
		n, ratio, local.Milliseconds(), cluster.Milliseconds(), perJob(voters, n), perJob(devices, n),
		check.Seconds()*1000, added.Seconds()*1000, bound.Seconds()*1000, median(alone).Seconds()*1000)
	if !fullSize() {
		return // too few jobs to judge speed by
	}
	if ratio < 0.93 {
		t.Errorf("throughput is %.3f of two local provers', want 0.93", ratio)
	}
	if added > bound {
		t.Errorf("an idle cluster adds %v, want at most %v", added, bound)
	}
}

func perJob(d time.Duration, n int) float64 { return d.Seconds() * 1000 / float64(n) }
