package local

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"connectrpc.com/connect"

	"rpp-node/cluster/api"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/worker"
	"rpp-node/cluster/worker/child"
	"rpp-node/cluster/worker/device"
	"rpp-node/prover/circuit"
)

// deviceEnv makes the test binary a device process.
const deviceEnv = "RPP_TEST_DEVICE"

func TestMain(m *testing.M) {
	if os.Getenv(deviceEnv) != "" {
		if err := device.Serve(os.Stdin, os.Stdout, device.Options{Threads: 1, Now: time.Now}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if os.Getenv(proverEnv) != "" {
		if err := localProver(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func testDevice(ctx context.Context, name string, env ...string) (worker.Device, error) {
	return startDevice(ctx, name, nil, env...)
}

func pinnedDevice(ctx context.Context, name string, cpu int) (worker.Device, error) {
	return startDevice(ctx, name, []int{cpu})
}

func startDevice(ctx context.Context, name string, cpus []int, env ...string) (worker.Device, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return child.Open(ctx, child.Options{
		Name: name, Kind: "cpu", Command: []string{self}, Env: append(os.Environ(), append(env, deviceEnv+"=1", "GOGC=20", "GOMAXPROCS=1")...), Threads: 1, CPUs: cpus, Nice: child.DefaultNice, Now: time.Now,
		Log: slog.New(slog.DiscardHandler),
	})
}

func testOptions(t *testing.T, voters, workers int) Options {
	level := slog.LevelError
	if os.Getenv("RPP_TEST_LOG") != "" {
		level = slog.LevelDebug
	}
	return Options{
		Dir: t.TempDir(), Cluster: "test", Voters: voters, Workers: workers, Version: "test", Build: "test",
		Log: func(name string) *slog.Logger {
			return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})).With("node", name)
		},
		Device: func(ctx context.Context, node string, i int) (worker.Device, error) {
			return testDevice(ctx, fmt.Sprintf("%s/%d", node, i))
		},
		Reference: func(ctx context.Context) (worker.Device, error) {
			return testDevice(ctx, "reference", "RPP_KERNELS=portable")
		},
		Progress: func(what string) { t.Log(what) },
	}
}

func TestClusterProves(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a cluster")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c, err := Start(ctx, testOptions(t, 3, 2))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	v, err := c.Validator(ctx, "acme")
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	f, err := circuit.ByName("pruning")
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(4) {
		w, err := f.Sample(f.DefaultSize, seed)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		resp, err := v.Jobs.Submit(ctx, connect.NewRequest(&rppv1.SubmitRequest{Family: f.Name, Witness: w.Binary()}))
		if err != nil {
			t.Fatal(api.FromError(err))
		}
		job, err := v.Watch(ctx, [32]byte(resp.Msg.Job.Id), func(j *rppv1.Job) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		if job.State != rppv1.JobState_JOB_STATE_RELEASED {
			t.Fatalf("job %x is %s: %s", job.Id, job.State, job.Reason)
		}
		p, err := v.Jobs.FetchProof(ctx, connect.NewRequest(&rppv1.FetchProofRequest{Id: job.Id}))
		if err != nil {
			t.Fatal(api.FromError(err))
		}
		t.Logf("job %x released in %v, %d bytes", job.Id[:4], time.Since(began), len(p.Msg.ProofFile))
		if d := p.Msg.Digest; !bytes.Equal(d, job.ProofDigest) {
			t.Errorf("the proof's digest is %x, the job's %x", d, job.ProofDigest)
		}
	}
}
