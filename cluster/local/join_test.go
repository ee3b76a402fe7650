package local

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	"rpp-node/cluster/api"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/node"
	"rpp-node/cluster/transport"
)

// newToken has an operator make a token.
func (w *world) newToken(ctx context.Context, t *testing.T, req *rppv1.CreateTokenRequest) (identity.Token, string) {
	t.Helper()
	resp, err := w.op.Cluster.CreateToken(ctx, connect.NewRequest(req))
	if err != nil {
		t.Fatal(api.FromError(err))
	}
	k, err := identity.ParseToken(resp.Msg.Token)
	if err != nil {
		t.Fatal(err)
	}
	return k, resp.Msg.Id
}

// joining is a newcomer with a directory of its own.
func joining(t *testing.T, k identity.Token, name string) node.Joining {
	return node.Joining{
		Token: k, Data: filepath.Join(t.TempDir(), "data"), Name: name, APIAddress: "127.0.0.1:1", GossipAddress: "127.0.0.1:1",
		Version: "test", Disk: identity.OS, Now: time.Now, Rand: rand.Reader, Dial: transport.TCP,
	}
}

func joinFault(ctx context.Context, j node.Joining) error {
	_, err := node.Join(ctx, j)
	return err
}

// remove takes a member out again.
func (w *world) remove(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	if _, err := w.op.Cluster.Remove(ctx, connect.NewRequest(&rppv1.RemoveRequest{Node: name})); err != nil {
		t.Errorf("removing %s: %v", name, api.FromError(err))
	}
}

// Of a hundred who come with one token at the same time, through any node, one gets in.
func TestTokenRace(t *testing.T) {
	ctx, w := shared(t)
	k, _ := w.newToken(ctx, t, &rppv1.CreateTokenRequest{Role: "worker"})
	const newcomers = 100
	outcomes := make([]error, newcomers)
	all := make([]node.Joining, newcomers)
	for i := range all {
		all[i] = joining(t, k, fmt.Sprintf("racer-%d", i))
	}
	var race sync.WaitGroup
	for i, j := range all {
		race.Go(func() { outcomes[i] = joinFault(ctx, j) })
	}
	race.Wait()
	var winner *node.Joining
	for i, err := range outcomes {
		if err == nil {
			if winner != nil {
				t.Errorf("%s and %s both got in", winner.Name, all[i].Name)
			}
			winner = &all[i]
			continue
		}
		wantCode(t, all[i].Name, err, fault.CodeTokenSpent)
		if _, err := node.ReadMembership(identity.OS, all[i].Data); err != node.ErrNotMember {
			t.Errorf("%s has a membership: %v", all[i].Name, err)
		}
	}
	if winner == nil {
		t.Fatal("nobody got in")
	}
	if n := strings.Count(fmt.Sprint(w.status(ctx, t).Members), `name:"racer-`); n != 1 {
		t.Errorf("%d of them are members", n)
	}
	w.remove(ctx, t, winner.Name)
}

// What keeps a newcomer out, each with its code.
func TestRefusedNewcomers(t *testing.T) {
	ctx, w := shared(t)
	token := func(req *rppv1.CreateTokenRequest) identity.Token { k, _ := w.newToken(ctx, t, req); return k }
	worker := &rppv1.CreateTokenRequest{Role: "worker"}

	short := token(&rppv1.CreateTokenRequest{Role: "worker", TtlMs: 300})
	revoked, id := w.newToken(ctx, t, worker)
	if _, err := w.op.Cluster.RevokeToken(ctx, connect.NewRequest(&rppv1.RevokeTokenRequest{Id: id})); err != nil {
		t.Fatal(err)
	}
	otherCluster, otherRoot, otherSecret, asVoter := token(worker), token(worker), token(worker), token(worker)
	otherCluster.Cluster = "elsewhere"
	otherRoot.Root[3] ^= 1
	otherSecret.Secret[3] ^= 1
	asVoter.Role = identity.Voter
	forged := token(worker)
	forged.ID[0] ^= 1
	asPerson := token(worker)
	asPerson.Role = identity.Validator
	slow := joining(t, short, "late")
	slow.Now = func() time.Time { return time.Now().Add(-time.Minute) } // its own clock says that there is time
	time.Sleep(350 * time.Millisecond)

	for name, c := range map[string]struct {
		j     node.Joining
		codes []fault.Code
	}{
		"expired by its own clock":       {joining(t, short, "late"), []fault.Code{fault.CodeTokenExpired}},
		"expired by the cluster's clock": {slow, []fault.Code{fault.CodeTokenExpired}},
		"revoked":                        {joining(t, revoked, "late"), []fault.Code{fault.CodeToken}},
		"of another cluster":             {joining(t, otherCluster, "late"), []fault.Code{fault.CodeWrongCluster, fault.CodeUnreachable}},
		"of another root":                {joining(t, otherRoot, "late"), []fault.Code{fault.CodeUnauthenticated}},
		"with another secret":            {joining(t, otherSecret, "late"), []fault.Code{fault.CodeToken}},
		"with another name":              {joining(t, forged, "late"), []fault.Code{fault.CodeToken}},
		"a name that is taken":           {joining(t, token(worker), "voter-1"), []fault.Code{fault.CodeField, fault.CodeNameTaken}},
		"no name":                        {joining(t, token(worker), ""), []fault.Code{fault.CodeField}},
		"a name that is a device's":      {joining(t, token(worker), "worker-1/0"), []fault.Code{fault.CodeField}},
		"a bad name under another role":  {joining(t, asPerson, "worker-1/0"), []fault.Code{fault.CodeField}},
		"a voter with a worker's token":  {joining(t, asVoter, "upstart"), nil},
	} {
		short, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := joinFault(short, c.j)
		cancel()
		if c.codes == nil {
			continue // looked at below
		}
		wantCode(t, name, err, c.codes...)
		if f := fault.Of(err); err != nil && f.Remedy == "" && f.Code != fault.CodeField {
			t.Errorf("%s: no remedy: %v", name, err)
		}
	}
	// The token's text does not make a voter: the cluster knows what it was made for.
	for _, m := range w.status(ctx, t).Members {
		if m.Name == "upstart" {
			if m.Role != "worker" {
				t.Errorf("a worker's token made a %s", m.Role)
			}
			w.remove(ctx, t, m.Name)
		}
		if m.Name == "late" || strings.Contains(m.Name, "/") {
			t.Errorf("%s got in", m.Name)
		}
	}
	// A directory that belongs to a cluster is not taken over.
	j := joining(t, token(worker), "worker-9")
	j.Data = filepath.Join(w.opt.Dir, "worker-1")
	if err := joinFault(ctx, j); err == nil || !strings.Contains(err.Error(), "belongs to a cluster already") {
		t.Errorf("into a member's directory: %v", err)
	}
}

// A join that broke off is repeated with the same token, by the same newcomer only.
func TestJoinRepeated(t *testing.T) {
	ctx, w := shared(t)
	k, _ := w.newToken(ctx, t, &rppv1.CreateTokenRequest{Role: "worker"})
	j := joining(t, k, "again")
	full := j
	full.Disk = lostWrites{identity.OS}
	if err := joinFault(ctx, full); err == nil {
		t.Fatal("it joined on a disk that writes nothing")
	}
	wantCode(t, "somebody else with the token", joinFault(ctx, joining(t, k, "thief")), fault.CodeTokenSpent)
	if err := joinFault(ctx, j); err != nil {
		t.Fatalf("the same newcomer again: %v", err)
	}
	// What was removed does not come back: neither by its certificate nor by a new token.
	w.remove(ctx, t, "again")
	eventually(ctx, t, "its certificate is refused everywhere", 10*time.Second, func() error {
		for _, name := range w.names {
			c := w.callAt(t, j.Data, w.Node(name).APIAddress())
			short, cancel := context.WithTimeout(ctx, time.Second)
			_, err := c.Cluster.Status(short, connect.NewRequest(&rppv1.StatusRequest{}))
			cancel()
			if err == nil {
				return fmt.Errorf("%s answers it", name)
			}
		}
		return nil
	})
	k, _ = w.newToken(ctx, t, &rppv1.CreateTokenRequest{Role: "worker"})
	if err := os.Remove(filepath.Join(j.Data, "member.json")); err != nil {
		t.Fatal(err)
	}
	j.Token = k
	wantCode(t, "its key with a new token", joinFault(ctx, j), fault.CodeRevoked)
}

// lostWrites keeps keys, and loses everything that a join brings.
type lostWrites struct{ identity.FS }

func (d lostWrites) WriteAtomic(path string, b []byte, mode os.FileMode) error {
	if strings.HasSuffix(path, "member.json") {
		return fmt.Errorf("%s: no space left on device", path)
	}
	return d.FS.WriteAtomic(path, b, mode)
}
