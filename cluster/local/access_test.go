package local

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/zeebo/blake3"

	"rpp-node/cluster/api"
	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/transport"
)

// person has somebody of a role join, and says where its identity is.
func (w *world) person(ctx context.Context, t *testing.T, role string) string {
	t.Helper()
	k, _ := w.newToken(ctx, t, &rppv1.CreateTokenRequest{Role: role})
	j := joining(t, k, "")
	if err := joinFault(ctx, j); err != nil {
		t.Fatal(err)
	}
	return j.Data
}

// stranger calls a node without a certificate.
func stranger(t *testing.T, cluster string, root [32]byte, address string) *api.Client {
	dialer := transport.NewDialer(transport.DialerConfig{
		Base: transport.TCP, Verifier: identity.NewVerifier(identity.Trust{Cluster: cluster, RootDigest: root, Now: time.Now}),
	})
	h := dialer.HTTPClient(nil)
	t.Cleanup(h.CloseIdleConnections)
	return api.NewClient(api.ClientConfig{HTTP: h, Addresses: []string{address}, Rand: rand.New(rand.NewSource(1))})
}

// Who may do what, asked of the leader, of a follower and of a worker node, over their TLS
// ports. The whole table is tested in cluster/api; this is that nothing stands beside it.
func TestRolesAndTenants(t *testing.T) {
	ctx, w := shared(t)
	acme := w.validator(ctx, t, "acme")
	w.validator(ctx, t, "other")
	job, file, err := proofOf(ctx, acme, w.witness(t))
	if err != nil {
		t.Fatal(err)
	}
	leader := w.leaderName(ctx, t)
	follower := "voter-1"
	if follower == leader {
		follower = "voter-2"
	}
	k, _ := w.newToken(ctx, t, &rppv1.CreateTokenRequest{Role: "auditor"})
	dirs := map[string]string{
		"acme": w.validatorDir("acme"), "other": w.validatorDir("other"), "operator": w.operatorDir(), "auditor": w.person(ctx, t, "auditor"),
		"worker": filepath.Join(w.opt.Dir, "worker-2"), "voter": filepath.Join(w.opt.Dir, follower), "nobody": "",
	}
	strangers := map[string]*api.Client{}
	for _, at := range []string{leader, follower, "worker-1"} {
		strangers[at] = stranger(t, "test", k.Root, w.Node(at).APIAddress())
	}
	watching := func(ctx context.Context, c *api.Client) error {
		s, err := c.Jobs.Watch(ctx, connect.NewRequest(&rppv1.WatchRequest{Id: job.Id}))
		if err != nil {
			return err
		}
		defer s.Close()
		for s.Receive() {
		}
		return s.Err()
	}
	const mayNot = "nobody"
	digest := blake3.Sum256(nil)
	for name, c := range map[string]struct {
		who  string // who may, the others may not
		call func(context.Context, *api.Client) error
	}{
		"get the job": {"acme operator auditor", func(ctx context.Context, c *api.Client) error {
			_, err := c.Jobs.Get(ctx, connect.NewRequest(&rppv1.GetRequest{Id: job.Id}))
			return err
		}},
		"fetch the proof": {"acme operator auditor", func(ctx context.Context, c *api.Client) error {
			p, err := c.Jobs.FetchProof(ctx, connect.NewRequest(&rppv1.FetchProofRequest{Id: job.Id}))
			if err == nil && !bytes.Equal(p.Msg.ProofFile, file) {
				err = fmt.Errorf("another proof")
			}
			return err
		}},
		"watch the job": {"acme operator auditor", watching},
		"list acme's": {"acme operator auditor", func(ctx context.Context, c *api.Client) error {
			_, err := c.Jobs.List(ctx, connect.NewRequest(&rppv1.ListRequest{Tenant: "acme"}))
			return err
		}},
		"submit as acme": {"acme operator", func(ctx context.Context, c *api.Client) error {
			_, err := c.Jobs.Submit(ctx, connect.NewRequest(&rppv1.SubmitRequest{Family: "pruning", Witness: []byte("no witness"), Tenant: "acme"}))
			if fault.Is(err, fault.CodeWitness) {
				return nil // it was let in, and found wanting
			}
			return err
		}},
		"cancel the job": {"acme operator", func(ctx context.Context, c *api.Client) error {
			_, err := c.Jobs.Cancel(ctx, connect.NewRequest(&rppv1.CancelRequest{Id: job.Id, Tenant: "acme"}))
			if fault.Is(err, fault.CodeFinal) {
				return nil
			}
			return err
		}},
		"verify": {"acme other operator auditor", func(ctx context.Context, c *api.Client) error {
			_, err := c.Jobs.Verify(ctx, connect.NewRequest(&rppv1.VerifyRequest{ProofFile: file}))
			return err
		}},
		"status": {"acme other operator auditor worker voter", func(ctx context.Context, c *api.Client) error {
			_, err := c.Cluster.Status(ctx, connect.NewRequest(&rppv1.StatusRequest{}))
			return err
		}},
		"make a token": {"operator", func(ctx context.Context, c *api.Client) error {
			_, err := c.Cluster.CreateToken(ctx, connect.NewRequest(&rppv1.CreateTokenRequest{Role: "operator", TtlMs: 1000}))
			return err
		}},
		"list tokens": {"operator auditor", func(ctx context.Context, c *api.Client) error {
			_, err := c.Cluster.ListTokens(ctx, connect.NewRequest(&rppv1.ListTokensRequest{}))
			return err
		}},
		"drain": {"operator", func(ctx context.Context, c *api.Client) error {
			_, err := c.Cluster.Drain(ctx, connect.NewRequest(&rppv1.DrainRequest{Node: "worker-1", Undo: true}))
			return err
		}},
		"back up": {"operator", func(ctx context.Context, c *api.Client) error {
			s, err := c.Cluster.Backup(ctx, connect.NewRequest(&rppv1.BackupRequest{}))
			if err != nil {
				return err
			}
			defer s.Close()
			for s.Receive() {
			}
			return s.Err()
		}},
		"coverage": {"acme other operator auditor worker voter", func(ctx context.Context, c *api.Client) error {
			_, err := c.Keys.Coverage(ctx, connect.NewRequest(&rppv1.CoverageRequest{}))
			return err
		}},
		"store a witness": {"voter", func(ctx context.Context, c *api.Client) error {
			_, err := c.Peer.StoreWitness(ctx, connect.NewRequest(&internalv1.StoreWitnessRequest{Witness: []byte("w"), Digest: digest[:], Job: digest[:]}))
			if fault.Is(err, fault.CodeCorrupt) || fault.Is(err, fault.CodeDenied) && strings.Contains(err.Error(), "only voters keep") {
				return nil
			}
			return err
		}},
		"a receipt": {mayNot, func(ctx context.Context, c *api.Client) error {
			_, err := c.Peer.Receipt(ctx, connect.NewRequest(&internalv1.ReceiptRequest{Job: job.Id, ProofFile: []byte("x"), ProofDigest: digest[:]}))
			return err
		}},
		"the witness": {mayNot, func(ctx context.Context, c *api.Client) error {
			_, err := c.Peer.Chunk(ctx, connect.NewRequest(&internalv1.ChunkRequest{Digest: job.Spec.WitnessDigest, Job: job.Id, Fence: &internalv1.Fence{Term: 1, Sequence: 1}}))
			return err
		}},
		"a gossip step": {mayNot, func(ctx context.Context, c *api.Client) error {
			_, err := c.Peer.GossipKey(ctx, connect.NewRequest(&internalv1.GossipKeyRequest{Step: "use", Key: make([]byte, 32), Version: 99}))
			return err
		}},
		"another's certificate": {mayNot, func(ctx context.Context, c *api.Client) error {
			_, err := c.Peer.Renew(ctx, connect.NewRequest(&internalv1.RenewRequest{Csr: []byte("no request")}))
			return err
		}},
		"join without a token": {mayNot, func(ctx context.Context, c *api.Client) error {
			_, err := c.Join.Join(ctx, connect.NewRequest(&internalv1.JoinRequest{Token: "rpp1.AAAA", Csr: []byte("x"), Name: "x"}))
			return err
		}},
	} {
		for who, dir := range dirs {
			for _, at := range []string{leader, follower, "worker-1"} {
				address := w.Node(at).APIAddress()
				var client *api.Client
				if dir == "" {
					client = strangers[at]
				} else {
					client = w.callAt(t, dir, address).Client
				}
				short, cancel := context.WithTimeout(ctx, 3*time.Second)
				err := c.call(short, client)
				cancel()
				if err != nil {
					err = api.FromError(err)
				}
				if at == "worker-1" && (name == "watch the job" || name == "back up") {
					// A worker passes no streams on: it says whom to ask.
					if err == nil || who == "operator" && !slices.Contains(w.Addresses(), api.LeaderIn(err)) {
						t.Errorf("%s: %s at %s: %v", who, name, at, err)
					}
					continue
				}
				may := strings.Contains(" "+c.who+" ", " "+who+" ") && who != "nobody"
				if who == "voter" && c.who == mayNot && (name == "the witness" || name == "a receipt") {
					continue // voters may; what comes of it is tested elsewhere
				}
				switch {
				case may && err != nil:
					t.Errorf("%s may not %s at %s: %v", who, name, at, err)
				case !may && err == nil:
					t.Errorf("%s may %s at %s", who, name, at)
				case !may && (fault.Of(err).Kind == fault.Unavailable || fault.Is(err, fault.CodeInternal)):
					t.Errorf("%s may not %s at %s, but for another reason: %v", who, name, at, err)
				}
			}
		}
	}
}

// A witness goes to voters and to whoever holds the lease. Who asks without one is refused,
// and the audit log says so.
func TestWitnessWithoutLease(t *testing.T) {
	ctx, w := shared(t)
	letGo := w.held(t)
	v := w.validator(ctx, t, "acme")
	b := w.witness(t)
	resp, err := submit(ctx, v, b, "")
	if err != nil {
		t.Fatal(err)
	}
	id := resp.Job.Id
	digest := resp.Job.Spec.WitnessDigest
	var holder string
	var fence *internalv1.Fence
	eventually(ctx, t, "the job runs", 10*time.Second, func() error {
		for _, d := range w.status(ctx, t).Decisions {
			if d.Kind == "grant" && bytes.Equal(d.Job, id) {
				holder, _, _ = strings.Cut(d.Device, "/")
				fence = &internalv1.Fence{Term: d.FenceTerm, Sequence: d.FenceSequence}
				return nil
			}
		}
		return fmt.Errorf("it was not granted")
	})
	leader := w.Node(w.leaderName(ctx, t))
	other := map[string]string{"worker-1": "worker-2", "worker-2": "worker-1"}[holder]
	before := w.audited(t, leader.Name(), "witness.deny")
	ask := func(name string, job []byte, f *internalv1.Fence) error {
		c := w.callAt(t, filepath.Join(w.opt.Dir, name), leader.APIAddress())
		_, err := c.Peer.Chunk(ctx, connect.NewRequest(&internalv1.ChunkRequest{Digest: digest, Job: job, Fence: f}))
		if err != nil {
			return api.FromError(err)
		}
		return nil
	}
	if err := ask(holder, id, fence); err != nil {
		t.Errorf("the holder of the lease is refused: %v", err)
	}
	wrong := &internalv1.Fence{Term: fence.Term, Sequence: fence.Sequence + 1000}
	wantCode(t, "another worker with the holder's fence", ask(other, id, fence), fault.CodeNoLease)
	wantCode(t, "the holder with another fence", ask(holder, id, wrong), fault.CodeNoLease)
	wantCode(t, "the holder with another job", ask(holder, bytes.Repeat([]byte{7}, 32), fence), fault.CodeNoLease)
	wantCode(t, "without a lease", ask(other, nil, nil), fault.CodeNoLease)
	if n := w.audited(t, leader.Name(), "witness.deny") - before; n != 4 {
		t.Errorf("%d refusals in the audit log, want 4", n)
	}
	letGo()
	if _, _, err := finish(ctx, v, id); err != nil {
		t.Error(err)
	}
	eventually(ctx, t, "the lease is over", 5*time.Second, func() error {
		if err := ask(holder, id, fence); !fault.Is(err, fault.CodeNoLease) {
			return fmt.Errorf("the former holder: %v", err)
		}
		return nil
	})
}

// Every node shows the whole cluster, whichever is asked, and what it says of itself.
func TestStatusEverywhere(t *testing.T) {
	ctx, w := shared(t)
	for _, name := range w.names {
		n := w.Node(name)
		eventually(ctx, t, name+" shows the cluster", 10*time.Second, func() error {
			s, err := n.ClusterStatus(ctx)
			if err != nil {
				return err
			}
			if s.Leader != w.leaderName(ctx, t) || s.Node != name {
				return fmt.Errorf("leader %q, node %q", s.Leader, s.Node)
			}
			devices := 0
			seen := map[string]string{}
			for _, m := range s.Members {
				seen[m.Name] = m.Liveness
				devices += len(m.Devices)
			}
			for _, want := range w.names {
				if seen[want] != "alive" {
					return fmt.Errorf("%s is %q", want, seen[want])
				}
			}
			if devices != 2 || len(s.Keys) == 0 || s.Queue == nil {
				return fmt.Errorf("%d devices, %d keys, queue %v", devices, len(s.Keys), s.Queue)
			}
			return nil
		})
		for path, wants := range map[string][]string{
			"/status/node":    {`"backend_health"`, `"plonky3"`, `"` + name + `"`},
			"/status/cluster": {`"voter-1"`, `"worker-2"`},
			"/health":         {`"level": "healthy"`},
			"/health/live":    {},
			"/health/ready":   {},
			"/metrics":        {"rpp_build_info{"},
		} {
			body := get(t, "http://"+n.HTTPAddress()+path)
			for _, want := range wants {
				if !strings.Contains(body, want) {
					t.Errorf("%s%s does not say %s:\n%.600s", name, path, want, body)
				}
			}
		}
	}
}

// Some node counts everything that docs/metrics.md names, and nobody counts anything else.
func TestMetricsEverywhere(t *testing.T) {
	ctx, w := shared(t)
	if _, _, err := proofOf(ctx, w.validator(ctx, t, "acme"), w.witness(t)); err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(rpp_[a-z0-9_]+)`").FindAllStringSubmatch(string(doc), -1) {
		named[m[1]] = true
	}
	counted := map[string]bool{}
	for _, name := range w.names {
		for _, m := range regexp.MustCompile(`(?m)^# TYPE (\S+)`).FindAllStringSubmatch(get(t, "http://"+w.Node(name).HTTPAddress()+"/metrics"), -1) {
			counted[m[1]] = true
		}
	}
	for name := range counted {
		if strings.HasPrefix(name, "rpp_") && !named[name] {
			t.Errorf("%s is counted, and not in docs/metrics.md", name)
		}
	}
	for name := range named {
		// What has not happened yet, or needs a GPU, has no value.
		rare := regexp.MustCompile("gpu|evictions|crashes|failures|tamper_rejected").MatchString(name)
		if !counted[name] && !rare {
			t.Errorf("%s is in docs/metrics.md, and nobody counts it", name)
		}
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	c := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	resp, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("%s: %s, %v: %.200s", url, resp.Status, err, b)
	}
	return string(b)
}

// audited counts a node's audit records of an action.
func (w *world) audited(t *testing.T, name, action string) int {
	t.Helper()
	log := w.Node(name).Audit()
	list, err := log.Scan(1, int(log.Head().Sequence))
	if err != nil {
		t.Error(err)
	}
	count := 0
	for _, r := range list {
		if r.Action == action {
			count++
		}
	}
	return count
}
