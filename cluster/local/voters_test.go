package local

import (
	"bytes"
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"connectrpc.com/connect"

	"rpp-node/cluster/api"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/node"
	"rpp-node/cluster/transport"
	"rpp-node/prover/circuit"
)

// prove has a job proved and released.
func prove(ctx context.Context, t *testing.T, v *node.Caller, seed uint64) *rppv1.Job {
	t.Helper()
	f, err := circuit.ByName("pruning")
	if err != nil {
		t.Fatal(err)
	}
	w, err := f.Sample(f.DefaultSize, seed)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := v.Jobs.Submit(ctx, connect.NewRequest(&rppv1.SubmitRequest{Family: f.Name, Witness: w.Binary()}))
	if err != nil {
		t.Fatal(api.FromError(err))
	}
	job, err := v.Watch(ctx, [32]byte(resp.Msg.Job.Id), func(*rppv1.Job) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if job.State != rppv1.JobState_JOB_STATE_RELEASED {
		t.Fatalf("job %x is %s: %s", job.Id, job.State, job.Reason)
	}
	return job
}

// callAt calls single nodes.
func callAt(dir string, addresses ...string) (*node.Caller, error) {
	return node.Call(node.Calling{Dir: dir, Addresses: addresses, Patient: true, Disk: identity.OS, Now: time.Now, Rand: rand.Reader, Dial: transport.TCP})
}

// await repeats what may fail for a while.
func await(ctx context.Context, t *testing.T, what string, try func() error) {
	t.Helper()
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: %v", what, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// TestVotersComeAndGo: a voter that was away, and comes back at other addresses, serves what
// was released meanwhile, and the cluster outlives the voter that founded it, whose issuer let all the others in.
func TestVotersComeAndGo(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a cluster")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := Start(ctx, testOptions(t, 3, 1))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	v, err := c.Validator(ctx, "acme")
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	prove(ctx, t, v, 1)

	away := "voter-3"
	if c.Leader() == c.Node(away) {
		away = "voter-2"
	}
	c.Kill(away)
	job := prove(ctx, t, v, 2)
	if err := os.Remove(filepath.Join(c.opt.Dir, away+".ports")); err != nil { // it comes back elsewhere
		t.Fatal(err)
	}
	if err := c.Restart(ctx, away); err != nil {
		t.Fatal(err)
	}
	o, err := c.Operator()
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	await(ctx, t, "the proof from the voter that was away", func() error {
		one, err := callAt(node.OperatorDir(filepath.Join(c.opt.Dir, "voter-1")), c.Node(away).APIAddress())
		if err != nil {
			return err
		}
		defer one.Close()
		p, err := one.Jobs.FetchProof(ctx, connect.NewRequest(&rppv1.FetchProofRequest{Id: job.Id}))
		if err == nil && !bytes.Equal(p.Msg.Digest, job.ProofDigest) {
			t.Fatalf("digest %x, want %x", p.Msg.Digest, job.ProofDigest)
		}
		return err
	})

	await(ctx, t, "another leader than the founder", func() error {
		_, err := o.Cluster.TransferLeadership(ctx, connect.NewRequest(&rppv1.TransferLeadershipRequest{Node: "voter-2"}))
		return err
	})
	await(ctx, t, "removing the founder", func() error {
		_, err := o.Cluster.Remove(ctx, connect.NewRequest(&rppv1.RemoveRequest{Node: "voter-1"}))
		return err
	})
	c.Kill("voter-1")
	for _, name := range []string{"voter-2", "voter-3"} { // so that every connection is a new one
		c.Kill(name)
		if err := c.Restart(ctx, name); err != nil {
			t.Fatal(err)
		}
	}
	again, err := callAt(filepath.Join(c.opt.Dir, "validator-acme"), c.Addresses()...)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	prove(ctx, t, again, 3)
}
