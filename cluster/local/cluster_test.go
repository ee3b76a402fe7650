package local

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"rpp-node/cluster/worker"
	"rpp-node/cluster/worker/child"
	"rpp-node/cluster/worker/device"
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
	code := m.Run()
	closeShared()
	os.Exit(code)
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

// A proof that the cluster releases is the one that a process alone makes, byte for byte,
// with receipts of a quorum of voters.
func TestClusterProves(t *testing.T) {
	ctx, w := shared(t)
	v := w.validator(ctx, t, "acme")
	for range 3 {
		b := w.witness(t)
		began := time.Now()
		j, file, err := proofOf(ctx, v, b)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("job %x released in %v, %d bytes", j.Id[:4], time.Since(began), len(file))
		if want := aloneProof(t, b); !bytes.Equal(file, want) {
			t.Errorf("job %x: the proof differs from the one that is made alone", j.Id[:4])
		}
		if len(j.Receipts) < 2 || int(j.ProofBytes) != len(file) {
			t.Errorf("job %x: %d receipts, %d bytes", j.Id[:4], len(j.Receipts), j.ProofBytes)
		}
	}
}
