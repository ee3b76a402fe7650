package node

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"rpp-node/cluster/config"
	"rpp-node/cluster/fsm"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/transport"
	"rpp-node/store/artifact"
)

// founder opens a cluster of one voter, on a clock that is ahead by some nanoseconds.
type founder struct {
	config config.Config
	ahead  atomic.Int64
}

func newFounder(t *testing.T) *founder {
	t.Helper()
	f := &founder{config: config.Default()}
	f.config.Node.Name, f.config.Node.Data = "alone", filepath.Join(t.TempDir(), "data")
	f.config.Listen = config.Listen{API: "127.0.0.1:0", Gossip: "127.0.0.1:0"}
	f.config.Store.Ballast, f.config.Store.Cache = 1<<20, 8<<20
	_, err := Found(Founding{
		Config: f.config, Cluster: "test", Passphrase: []byte("of a test's cluster"), Disk: identity.OS, Now: f.now, Rand: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *founder) now() time.Time { return time.Now().Add(time.Duration(f.ahead.Load())) }

func (f *founder) tryOpen(t *testing.T) (*Node, error) {
	return Open(t.Context(), Config{
		Config: f.config, Version: "test", Build: "test", Log: slog.New(slog.DiscardHandler), Now: f.now, Rand: rand.Reader,
		Disk: identity.OS, Listen: func(a string) (net.Listener, error) { return net.Listen("tcp", a) }, Dial: transport.TCP,
	})
}

func (f *founder) open(t *testing.T) *Node {
	t.Helper()
	n, err := f.tryOpen(t)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

// leading waits until the node leads and is a member.
func leading(t *testing.T, n *Node) {
	t.Helper()
	for range 1000 {
		known := false
		n.machine.View(func(s *fsm.State) { _, known = s.Member(n.id) })
		if n.Leading() && known {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the node does not lead")
}

// TestCollectionKnowsWhatTheLogKnows: a voter that starts a long time after a job was
// accepted must not take the job's witness for unreferenced before it has read its log.
func TestCollectionKnowsWhatTheLogKnows(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for two elections")
	}
	f := newFounder(t)
	n := f.open(t)
	leading(t, n)
	needed, err := n.storeWitness([]byte("of a job that waits"))
	if err != nil {
		t.Fatal(err)
	}
	left, err := n.storeWitness([]byte("of a job that was never accepted"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = n.proposeAs(t.Context(), "test", &fsm.SubmitJob{
		Tenant: "acme", IdempotencyKey: "one",
		Statement: fsm.Statement{Spec: []byte("a spec"), VariantID: fsm.VariantID{Family: "f", Variant: "v", Profile: "p", Hash: "h"}, WitnessDigest: needed, WitnessBytes: 19},
	})
	if err != nil {
		t.Fatal(err)
	}
	n.Close()

	f.ahead.Store(int64(3 * time.Hour)) // pins are over
	n = f.open(t)
	if err := n.collect(context.Background(), f.now()); err != nil {
		t.Fatal(err)
	}
	leading(t, n)
	if err := n.collect(context.Background(), f.now()); err != nil {
		t.Fatal(err)
	}
	if have, err := n.artifacts.Has(artifact.Digest(needed)); err != nil || !have {
		t.Errorf("the witness of a live job is there: %v, %v", have, err)
	}
	if have, err := n.artifacts.Has(artifact.Digest(left)); err != nil || have {
		t.Errorf("a witness that nobody needs is there: %v, %v", have, err)
	}
}
