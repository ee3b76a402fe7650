package local

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"

	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/node"
)

// loaded submits jobs from several clients at once, and has something happen when some are
// accepted. Every job must end in a release, with the bytes that are made alone; and the
// cluster must have released each of them once.
func (w *world) loaded(ctx context.Context, t *testing.T, jobs int, disturb func()) {
	t.Helper()
	v := w.validator(ctx, t, "acme")
	before := w.status(ctx, t).Queue.Released
	var all [][]byte
	next := make(chan []byte, jobs)
	for range jobs {
		b := w.witness(t)
		all = append(all, b)
		next <- b
	}
	close(next)
	var accepted atomic.Int64
	half := make(chan struct{})
	var once sync.Once
	proofs := map[string][]byte{}
	var mu sync.Mutex
	var clients sync.WaitGroup
	for range 6 {
		clients.Go(func() {
			for b := range next {
				id, err := insist(ctx, v, b)
				if err != nil {
					t.Error(err)
					return
				}
				if accepted.Add(1) >= int64(jobs/3) {
					once.Do(func() { close(half) })
				}
				_, file, err := finish(ctx, v, id)
				if err != nil {
					t.Errorf("job %x: %v", id[:6], err)
					return
				}
				mu.Lock()
				proofs[string(b)] = file
				mu.Unlock()
			}
		})
	}
	select {
	case <-half:
		disturb()
	case <-ctx.Done():
		t.Error("too few jobs were accepted")
	}
	clients.Wait()
	if t.Failed() {
		t.FailNow()
	}
	for i, b := range all {
		if want := aloneProof(t, b); !bytes.Equal(proofs[string(b)], want) {
			t.Errorf("job %d: the proof differs from the one that is made alone", i)
		}
	}
	if got := w.status(ctx, t).Queue.Released - before; got != uint64(jobs) {
		t.Errorf("%d releases of %d jobs", got, jobs)
	}
}

// insist submits until the cluster has taken the job. An answer that leaves open whether it
// has is a reason to ask again: the job is known by its spec.
func insist(ctx context.Context, v *node.Caller, b []byte) ([]byte, error) {
	for {
		resp, err := submit(ctx, v, b, "")
		if err == nil {
			return resp.Job.Id, nil
		}
		if ctx.Err() != nil || !(fault.Is(err, fault.CodeNoLeader) || fault.Is(err, fault.CodeNoQuorum) || fault.Is(err, fault.CodeUnreachable) || fault.Is(err, fault.CodeStarting)) {
			return nil, err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// status is the leader's.
func (w *world) status(ctx context.Context, t *testing.T) *rppv1.StatusResponse {
	t.Helper()
	var s *rppv1.StatusResponse
	eventually(ctx, t, "the leader's status", 20*time.Second, func() error {
		n := w.Leader()
		if n == nil {
			return fmt.Errorf("nobody leads")
		}
		var err error
		if s, err = n.ClusterStatus(ctx); err == nil && s.Leader != s.Node {
			err = fmt.Errorf("%s is no leader", s.Node)
		}
		return err
	})
	return s
}

// Nodes die while jobs are on their way: all at once, the leader, a worker; and leadership
// is handed over. Nothing that was accepted is lost, nothing is released twice. What takes
// long is left to the gate.
func TestCrashesUnderLoad(t *testing.T) {
	t.Parallel()
	ctx, w := start(t, 3, 2)
	w.crashes(ctx, t, 6, "power loss")
}

// crashes has each of the named things happen under so many jobs.
func (w *world) crashes(ctx context.Context, t *testing.T, jobs int, names ...string) {
	restart := func(names ...string) {
		t.Helper()
		var all sync.WaitGroup
		for _, name := range names {
			all.Go(func() {
				if err := w.Restart(ctx, name); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
		all.Wait()
	}
	disturb := map[string]func(){
		"power loss": func() {
			w.Close()
			restart(w.names...)
		},
		"leader": func() {
			name := w.leaderName(ctx, t)
			w.Kill(name)
			w.leaderName(ctx, t)
			restart(name)
		},
		"worker": func() {
			w.Kill("worker-1")
			time.Sleep(300 * time.Millisecond)
			restart("worker-1")
		},
		"transfer": func() {
			before := w.leaderName(ctx, t)
			resp, err := w.op.Cluster.TransferLeadership(ctx, connect.NewRequest(&rppv1.TransferLeadershipRequest{}))
			if err != nil {
				t.Error(err)
			} else if resp.Msg.Leader == before {
				t.Errorf("%s still leads", before)
			}
		},
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) { w.loaded(ctx, t, jobs, disturb[name]) })
	}
}

// A node that has lost its disk joins again, as another one, and gets every key from the
// others: nothing is derived a second time.
func wiped(ctx context.Context, t *testing.T, w *world) {
	t.Helper()
	if _, err := w.op.Keys.Preload(ctx, connect.NewRequest(&rppv1.PreloadRequest{Wait: true})); err != nil {
		t.Fatal(err)
	}
	derived := w.log.count(`msg="key derived"`)
	victim := "voter-2"
	if w.leaderName(ctx, t) == victim {
		victim = "voter-3"
	}
	for _, name := range []string{victim, "worker-2"} {
		old := w.Node(name).ID()
		w.Kill(name)
		if err := os.RemoveAll(filepath.Join(w.opt.Dir, name)); err != nil {
			t.Fatal(err)
		}
		if err := w.Restart(ctx, name); err == nil {
			t.Fatalf("%s starts from an empty directory", name)
		}
		// Its name is taken as long as the old one is a member.
		wantCode(t, name+" joins under the old one's name", w.join(ctx, name), fault.CodeNameTaken, fault.CodeField)
		if _, err := w.op.Cluster.Remove(ctx, connect.NewRequest(&rppv1.RemoveRequest{Node: name})); err != nil {
			t.Fatal(err)
		}
		if err := w.join(ctx, name); err != nil {
			t.Fatal(err)
		}
		if err := w.Restart(ctx, name); err != nil {
			t.Fatal(err)
		}
		if id := w.Node(name).ID(); id == old {
			t.Errorf("%s is %s again", name, id)
		}
		eventually(ctx, t, name+" has every key", 30*time.Second, func() error {
			resp, err := w.op.Keys.Coverage(ctx, connect.NewRequest(&rppv1.CoverageRequest{}))
			if err != nil {
				return err
			}
			return complete(resp.Msg.Keys, w.names)
		})
	}
	eventually(ctx, t, "three voters", 30*time.Second, func() error {
		voting := 0
		for _, m := range w.status(ctx, t).Members {
			if m.RaftState == "leader" || m.RaftState == "follower" {
				voting++
			}
		}
		if voting != 3 {
			return fmt.Errorf("%d voters vote", voting)
		}
		return nil
	})
	if again := w.log.count(`msg="key derived"`) - derived; again != 0 {
		t.Errorf("%d keys were derived again", again)
	}
	w.loaded(ctx, t, 4, func() {})
}

// complete says which node lacks which key.
func complete(list []*rppv1.KeyCoverage, names []string) error {
	if len(list) == 0 {
		return fmt.Errorf("no keys")
	}
	for _, k := range list {
		if len(k.Nodes) != len(names) {
			return fmt.Errorf("%s: nodes %v, want %v", k.Variant, k.Nodes, names)
		}
		for _, name := range names {
			if k.Nodes[name] != "ready" {
				return fmt.Errorf("%s: %s is %q", k.Variant, name, k.Nodes[name])
			}
		}
	}
	return nil
}
