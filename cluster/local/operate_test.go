package local

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"

	"rpp-node/cluster/api"
	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/cluster/gossip"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/transport"
	"rpp-node/store/audit"
)

// underLoad keeps jobs coming while something is done, and fails if one of them does not
// end in a release.
func (w *world) underLoad(ctx context.Context, t *testing.T, do func()) {
	t.Helper()
	v := w.validator(ctx, t, "acme")
	stop := make(chan struct{})
	var clients sync.WaitGroup
	proved := 0
	var mu sync.Mutex
	for range 2 {
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				id, err := insist(ctx, v, w.witness(t))
				if err == nil {
					_, _, err = finish(ctx, v, id)
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				proved++
				mu.Unlock()
			}
		})
	}
	do()
	close(stop)
	clients.Wait()
	t.Logf("%d jobs meanwhile", proved)
}

// Keys are derived once in a cluster: the second preload has nothing to do, a rotation
// brings a new epoch to every node, and a restart derives nothing.
func TestPreloadAndRotate(t *testing.T) {
	ctx, w := shared(t)
	preload := func() *rppv1.PreloadResponse {
		t.Helper()
		resp, err := w.op.Keys.Preload(ctx, connect.NewRequest(&rppv1.PreloadRequest{Wait: true}))
		if err != nil {
			t.Fatal(api.FromError(err))
		}
		if err := complete(resp.Msg.Keys, w.names); err != nil {
			t.Fatal(err)
		}
		return resp.Msg
	}
	derivations := func() int { return w.log.count(`msg="key derived"`) }
	first := preload()
	if int(first.Derived+first.Present) != 4 {
		t.Errorf("derived %d, present %d, want 4 variants", first.Derived, first.Present)
	}
	if n := derivations(); n != 4 {
		t.Errorf("4 variants were derived %d times", n)
	}
	again := preload()
	if again.Derived != 0 || again.Present != 4 || derivations() != 4 {
		t.Errorf("the second time: derived %d, present %d, %d derivations in all", again.Derived, again.Present, derivations())
	}
	_, err := w.op.Keys.Preload(ctx, connect.NewRequest(&rppv1.PreloadRequest{Families: []string{"no-such"}}))
	wantCode(t, "an unknown family", api.FromError(err), fault.CodeFamily)

	rotated, err := w.op.Keys.Rotate(ctx, connect.NewRequest(&rppv1.RotateRequest{Family: "pruning"}))
	if err != nil {
		t.Fatal(api.FromError(err))
	}
	if rotated.Msg.Epoch != 2 {
		t.Errorf("epoch %d, want 2", rotated.Msg.Epoch)
	}
	eventually(ctx, t, "the new epoch is everywhere", 20*time.Second, func() error {
		resp, err := w.op.Keys.Coverage(ctx, connect.NewRequest(&rppv1.CoverageRequest{}))
		if err != nil {
			return err
		}
		current := 0
		for _, k := range resp.Msg.Keys {
			if k.Epoch == 2 {
				current++
			}
		}
		if current != 4 {
			return fmt.Errorf("%d keys of epoch 2", current)
		}
		return complete(resp.Msg.Keys, w.names)
	})
	if _, _, err := proofOf(ctx, w.validator(ctx, t, "acme"), w.witness(t)); err != nil {
		t.Errorf("under the new epoch: %v", err)
	}
	n := derivations()
	for _, name := range []string{"worker-2", "voter-3"} {
		w.Kill(name)
		if err := w.Restart(ctx, name); err != nil {
			t.Fatal(err)
		}
	}
	eventually(ctx, t, "keys after a restart", 20*time.Second, func() error {
		resp, err := w.op.Keys.Coverage(ctx, connect.NewRequest(&rppv1.CoverageRequest{}))
		if err != nil {
			return err
		}
		return complete(resp.Msg.Keys, w.names)
	})
	if derivations() != n {
		t.Errorf("%d derivations by a restart", derivations()-n)
	}
}

// A drained node gets nothing new, until that is taken back.
func TestDrain(t *testing.T) {
	ctx, w := shared(t)
	v := w.validator(ctx, t, "acme")
	drain := func(undo bool) {
		t.Helper()
		if _, err := w.op.Cluster.Drain(ctx, connect.NewRequest(&rppv1.DrainRequest{Node: "worker-1", Undo: undo})); err != nil {
			t.Fatal(api.FromError(err))
		}
	}
	drain(false)
	for range 3 {
		j, _, err := proofOf(ctx, v, w.witness(t))
		if err != nil {
			t.Fatal(err)
		}
		if w.log.count("device=worker-1/0 job="+hex.EncodeToString(j.Id)) > 0 {
			t.Errorf("a drained device proved job %x", j.Id[:6])
		}
	}
	for _, m := range w.status(ctx, t).Members {
		if m.Draining != (m.Name == "worker-1") {
			t.Errorf("%s: draining %v", m.Name, m.Draining)
		}
	}
	drain(true)
	drain(true) // twice is as once
	_, err := w.op.Cluster.Drain(ctx, connect.NewRequest(&rppv1.DrainRequest{Node: "nobody"}))
	wantCode(t, "a node that there is not", api.FromError(err), fault.CodeNoMember)
}

// The gossip key is rotated while jobs run: every node has the new one and only that, in
// memory and on disk, and a node that starts with it is found by the others.
func TestRotateGossipKey(t *testing.T) {
	ctx, w := shared(t)
	before := map[string][]byte{}
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(w.opt.Dir, name, "secrets", "gossip.keys"))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, name := range w.names {
		before[name] = read(name)
	}
	w.underLoad(ctx, t, func() {
		resp, err := w.op.Cluster.RotateGossipKey(ctx, connect.NewRequest(&rppv1.RotateGossipKeyRequest{}))
		if err != nil {
			t.Fatal(api.FromError(err))
		}
		if int(resp.Msg.Nodes) != len(w.names) {
			t.Errorf("%d nodes took it, want %d", resp.Msg.Nodes, len(w.names))
		}
	})
	for _, name := range w.names {
		b := read(name)
		if bytes.Equal(b, before[name]) || !bytes.Equal(b, read("voter-1")) || bytes.Count(b, []byte("\n")) != 4 {
			t.Errorf("%s has %q", name, b)
		}
	}
	w.Kill("worker-2")
	// A rotation does not go on while a member does not answer: it would be cut off.
	_, err := w.op.Cluster.RotateGossipKey(ctx, connect.NewRequest(&rppv1.RotateGossipKeyRequest{}))
	wantCode(t, "with a node down", api.FromError(err), fault.CodeKeyring)
	if err := w.Restart(ctx, "worker-2"); err != nil {
		t.Fatal(err)
	}
	everybody := func() error {
		for _, m := range w.status(ctx, t).Members {
			if m.Liveness != "alive" {
				return fmt.Errorf("%s is %s", m.Name, m.Liveness)
			}
		}
		return nil
	}
	eventually(ctx, t, "gossip finds the node again", 20*time.Second, everybody)
	// It goes on under another leader, with the key that some nodes have already.
	old := w.leaderName(ctx, t)
	if _, err := w.op.Cluster.TransferLeadership(ctx, connect.NewRequest(&rppv1.TransferLeadershipRequest{})); err != nil {
		t.Fatal(api.FromError(err))
	}
	eventually(ctx, t, "another leader", 10*time.Second, func() error {
		if w.leaderName(ctx, t) == old {
			return fmt.Errorf("%s still leads", old)
		}
		return nil
	})
	resp, err := w.op.Cluster.RotateGossipKey(ctx, connect.NewRequest(&rppv1.RotateGossipKeyRequest{}))
	if err != nil {
		t.Fatal(api.FromError(err))
	}
	if resp.Msg.Version != 2 {
		t.Errorf("version %d, want 2", resp.Msg.Version)
	}
	for _, name := range w.names {
		if b := read(name); !bytes.Equal(b, read("voter-1")) || bytes.Count(b, []byte("\n")) != 4 {
			t.Errorf("%s has %q", name, b)
		}
	}
	eventually(ctx, t, "everybody is alive", 20*time.Second, everybody)
}

// A backup brings back the state that it is of, on every voter, and nothing else is taken.
func TestBackupAndRestore(t *testing.T) {
	ctx, w := shared(t)
	v := w.validator(ctx, t, "acme")
	early, file, err := proofOf(ctx, v, w.witness(t))
	if err != nil {
		t.Fatal(err)
	}
	auditor := w.person(ctx, t, "auditor")
	lists := func() error {
		short, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		_, err := w.callAt(t, auditor, w.Addresses()...).Jobs.List(short, connect.NewRequest(&rppv1.ListRequest{}))
		return err
	}
	if err := lists(); err != nil {
		t.Fatal(err)
	}
	var backup, digest []byte
	s, err := w.op.Cluster.Backup(ctx, connect.NewRequest(&rppv1.BackupRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	for s.Receive() {
		backup = append(backup, s.Msg().Data...)
		if s.Msg().Digest != nil {
			digest = s.Msg().Digest
		}
	}
	if err := errors.Join(s.Err(), s.Close()); err != nil || len(digest) != 32 {
		t.Fatalf("%v, digest %x", err, digest)
	}
	late, _, err := proofOf(ctx, v, w.witness(t))
	if err != nil {
		t.Fatal(err)
	}
	c := w.callAt(t, auditor, w.Addresses()...)
	w.remove(ctx, t, c.Identity.ID.String())
	restore := func(data, digest []byte) error {
		s := w.op.Cluster.Restore(ctx)
		for i := 0; i < len(data) || i == 0; i += 64 << 10 {
			m := &rppv1.RestoreRequest{Data: data[i:min(len(data), i+64<<10)]}
			if i == 0 {
				m.Digest, m.Size = digest, uint64(len(data))
			}
			if err := s.Send(m); err != nil && !errors.Is(err, io.EOF) {
				return api.FromError(err)
			}
		}
		if _, err := s.CloseAndReceive(); err != nil {
			return api.FromError(err)
		}
		return nil
	}
	flipped := bytes.Clone(backup)
	flipped[len(flipped)/2] ^= 4
	wantCode(t, "a damaged backup", restore(flipped, digest), fault.CodeBackup)
	wantCode(t, "half of it", restore(backup[:len(backup)/2], digest), fault.CodeBackup, fault.CodeField)
	get := func(id []byte) error {
		_, err := v.Jobs.Get(ctx, connect.NewRequest(&rppv1.GetRequest{Id: id}))
		if err != nil {
			return api.FromError(err)
		}
		return nil
	}
	if err := get(late.Id); err != nil {
		t.Fatalf("what was refused has changed the state: %v", err)
	}
	eventually(ctx, t, "the restore", 20*time.Second, func() error { // an election may come in between
		return restore(backup, digest)
	})
	eventually(ctx, t, "the restored state", 20*time.Second, func() error {
		if err := get(late.Id); !fault.Is(err, fault.CodeNoJob) {
			return fmt.Errorf("what came after the backup: %v", err)
		}
		return get(early.Id)
	})
	if err := lists(); err == nil {
		t.Error("who was removed after the backup is let in again")
	}
	p, err := v.Jobs.FetchProof(ctx, connect.NewRequest(&rppv1.FetchProofRequest{Id: early.Id}))
	if err != nil || !bytes.Equal(p.Msg.ProofFile, file) {
		t.Errorf("the proof that was in the backup: %v", err)
	}
	eventually(ctx, t, "jobs are proved again", 30*time.Second, func() error {
		_, _, err := proofOf(ctx, v, w.witness(t))
		return err
	})
	snapshot, err := w.op.Cluster.Snapshot(ctx, connect.NewRequest(&rppv1.SnapshotRequest{}))
	if err != nil || snapshot.Msg.Bytes == 0 || snapshot.Msg.Index == 0 {
		t.Errorf("snapshot: %v, %v", snapshot, err)
	}
}

// Every node's audit log is whole, and says what was done and by whom.
func TestAuditLogs(t *testing.T) {
	ctx, w := shared(t)
	if _, _, err := proofOf(ctx, w.validator(ctx, t, "acme"), w.witness(t)); err != nil {
		t.Fatal(err)
	}
	actions := map[string]int{}
	for _, name := range w.names {
		log := w.Node(name).Audit()
		head := log.Head()
		if err := log.Verify(1, head.Sequence, func(f audit.Fault) bool { t.Errorf("%s: %s", name, f); return true }); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		list, err := log.Scan(1, int(head.Sequence))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, r := range list {
			actions[r.Action]++
			if r.Actor == "" || fsm.NodeID(r.Node) != w.Node(name).ID() {
				t.Errorf("%s: record %d is by %q, of node %x", name, r.Sequence, r.Actor, r.Node[:4])
			}
		}
	}
	for _, a := range []string{"node.join", "token.create", "job.accept", "proof.make", "key.derive"} {
		if actions[a] == 0 {
			t.Errorf("nobody recorded %s: %v", a, actions)
		}
	}
}

// renewals: certificates of nodes last a day and are renewed before; a voter that was down
// for longer signs its own. A worker that was is told what to do. Part of the gate.
func renewals(t *testing.T) {
	var ahead atomic.Int64
	ctx, w := start(t, 1, 1, func(o *Options) {
		o.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	until := func(name string) time.Time {
		t.Helper()
		c, err := identity.OpenDir(identity.OS, filepath.Join(w.opt.Dir, name, "identity")).Load("test")
		if err != nil {
			t.Fatal(err)
		}
		return c.Identity().NotAfter
	}
	first := map[string]time.Time{}
	for _, name := range w.names {
		first[name] = until(name)
	}
	restart := func(d time.Duration, names ...string) {
		t.Helper()
		w.Close()
		ahead.Store(int64(d))
		for _, name := range names {
			if err := w.Restart(ctx, name); err != nil {
				t.Fatalf("%s after %v: %v", name, d, err)
			}
		}
	}
	renewed := func(d time.Duration, names ...string) {
		t.Helper()
		for _, name := range names {
			eventually(ctx, t, name+" renews", 20*time.Second, func() error {
				if end := until(name); end.Sub(w.opt.Now()) < 20*time.Hour {
					return fmt.Errorf("after %v its certificate ends at %v", d, end)
				}
				return nil
			})
		}
	}
	prove := func() {
		t.Helper()
		v, err := w.caller(w.validatorDir("acme"))
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		if _, _, err := proofOf(ctx, v, w.witness(t)); err != nil {
			t.Fatal(err)
		}
	}
	w.validator(ctx, t, "acme")
	restart(20*time.Hour, w.names...)
	renewed(20*time.Hour, w.names...)
	prove()
	for _, name := range w.names {
		if !until(name).After(first[name]) {
			t.Errorf("%s has its first certificate", name)
		}
	}
	restart(40*time.Hour, w.names...) // past the end of the first one
	renewed(40*time.Hour, w.names...)
	prove()
	restart(90*time.Hour, "voter-1") // past the end of all
	renewed(90*time.Hour, "voter-1")
	if err := w.Restart(ctx, "worker-1"); err == nil {
		w.Kill("worker-1")
		t.Error("a worker starts with a certificate that has ended, and cannot reach anybody")
	} else if f := fault.Of(err); f.Remedy == "" || f.Code == fault.CodeInternal {
		t.Errorf("a worker whose certificate has ended: %v", err)
	}
}

// A node renews its own certificate and no other's.
func TestRenewOwnOnly(t *testing.T) {
	ctx, w := shared(t)
	renew := func(name string, key ed25519.PrivateKey) error {
		c := w.callAt(t, filepath.Join(w.opt.Dir, name), w.Addresses()...)
		csr, err := identity.NewCSR(key)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Peer.Renew(ctx, connect.NewRequest(&internalv1.RenewRequest{Csr: csr}))
		if err != nil {
			return api.FromError(err)
		}
		chain, err := identity.ParseChain(resp.Msg.Chain)
		if err != nil {
			return err
		}
		id, err := identity.FromCertificate(chain[0], "test")
		if err == nil && (id.ID != c.Identity.ID || id.Role != c.Identity.Role) {
			t.Errorf("%s got a certificate of %s", c.Identity, id)
		}
		return err
	}
	own, err := identity.OpenDir(identity.OS, filepath.Join(w.opt.Dir, "worker-1", "identity")).Load("test")
	if err != nil {
		t.Fatal(err)
	}
	if err := renew("worker-1", own.Key()); err != nil {
		t.Error(err)
	}
	wantCode(t, "worker-2 with worker-1's key", renew("worker-2", own.Key()), fault.CodeDenied)
	_, fresh, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, "worker-1 with a new key", renew("worker-1", fresh), fault.CodeDenied)
}

// Without a certificate nobody gets to Raft, and without the gossip key nobody is heard.
func TestOutsiders(t *testing.T) {
	ctx, w := shared(t)
	n := w.Node("voter-1")
	c, err := identity.OpenDir(identity.OS, filepath.Join(w.opt.Dir, "worker-1", "identity")).Load("test")
	if err != nil {
		t.Fatal(err)
	}
	for who, certificates := range map[string][]tls.Certificate{"nobody": nil, "a worker": {*c.Certificate()}} {
		raw, err := tls.Dial("tcp", n.APIAddress(), &tls.Config{
			InsecureSkipVerify: true, NextProtos: []string{transport.ProtocolRaft}, Certificates: certificates,
		})
		if err == nil { // in TLS 1.3 the refusal comes with the first byte
			raw.SetDeadline(time.Now().Add(3 * time.Second))
			raw.Write([]byte("hello"))
			_, err = raw.Read(make([]byte, 1))
			raw.Close()
		}
		if err == nil {
			t.Errorf("%s speaks with Raft", who)
		}
	}
	before := len(w.status(ctx, t).Members)
	for what, cfg := range map[string]gossip.Config{
		"without the key":    {Cluster: "test", Keys: [][]byte{make([]byte, gossip.KeyBytes)}},
		"of another cluster": {Cluster: "other", Keys: gossipKeys(t, w)},
	} {
		cfg.ID, cfg.Name, cfg.Bind, cfg.Meta = gossip.ID{9}, "intruder", "127.0.0.1:0", gossip.Meta{Role: gossip.Voter}
		g, err := gossip.Open(cfg)
		if err != nil {
			t.Fatal(err)
		}
		short, cancel := context.WithTimeout(ctx, 2*time.Second)
		if err := g.Join(short, []string{n.GossipAddress()}); err == nil {
			t.Errorf("%s: it joined", what)
		}
		cancel()
		if seen := g.Members(); len(seen) > 1 {
			t.Errorf("%s: it sees %d members", what, len(seen))
		}
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	}
	if members := w.status(ctx, t).Members; len(members) != before || strings.Contains(fmt.Sprint(members), "intruder") {
		t.Errorf("members: %v", members)
	}
}

// gossipKeys reads the keys of a node.
func gossipKeys(t *testing.T, w *world) [][]byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(w.opt.Dir, "voter-1", "secrets", "gossip.keys"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := hex.DecodeString(strings.Split(string(b), "\n")[2])
	if err != nil {
		t.Fatal(err)
	}
	return [][]byte{key}
}

// Secrets stay where they belong: not in the logs, not on the pages, and a witness not even
// in the data directories.
func TestSecretsStay(t *testing.T) {
	ctx, w := shared(t)
	v := w.validator(ctx, t, "acme")
	b := w.witness(t)
	k, _ := w.newToken(ctx, t, &rppv1.CreateTokenRequest{Role: "worker"})
	if _, _, err := proofOf(ctx, v, b); err != nil {
		t.Fatal(err)
	}
	canaries := map[string][]byte{
		"a witness": b[len(b)/2 : len(b)/2+48], "a token's text": []byte(k.Text()[:64]), "a token's secret": k.Secret[:],
	}
	files := map[string][]byte{}
	for _, name := range w.names {
		for _, f := range []string{"secrets/store.key", "identity/node.key", "identity/intermediate.key"} {
			raw, err := os.ReadFile(filepath.Join(w.opt.Dir, name, f))
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			files[name+"/"+f] = raw
		}
	}
	gossip, err := os.ReadFile(filepath.Join(w.opt.Dir, "voter-1", "secrets", "gossip.keys"))
	if err != nil {
		t.Fatal(err)
	}
	key := bytes.Split(gossip, []byte("\n"))[2]
	rawKey, err := hex.DecodeString(string(key))
	if err != nil {
		t.Fatal(err)
	}
	places := map[string][]byte{"the logs": []byte(w.log.String())}
	for _, name := range w.names {
		for _, path := range []string{"/metrics", "/status/node", "/status/cluster"} {
			places[name+path] = []byte(get(t, "http://"+w.Node(name).HTTPAddress()+path))
		}
	}
	err = filepath.WalkDir(w.opt.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Base(filepath.Dir(path)) == "secrets" || filepath.Base(filepath.Dir(path)) == "identity" {
			return err
		}
		raw, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) { // the store has deleted it meanwhile
			return nil
		}
		places[path] = raw
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for what, secret := range canaries {
		for place, text := range places {
			for form, bytesOf := range map[string][]byte{"": secret, " in hexadecimal": []byte(hex.EncodeToString(secret))} {
				if bytes.Contains(text, bytesOf) {
					t.Errorf("%s has %s%s", place, what, form)
				}
			}
		}
	}
	for place, text := range places {
		if bytes.Contains(text, key) || bytes.Contains(text, rawKey) {
			t.Errorf("%s has the gossip key", place)
		}
		for file, raw := range files {
			if len(raw) >= 32 && bytes.Contains(text, raw[:32]) && !bytes.HasPrefix(raw, []byte("-----")) {
				t.Errorf("%s has what is in %s", place, file)
			}
		}
	}
	for file := range files {
		if info, err := os.Stat(filepath.Join(w.opt.Dir, file)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, info.Mode(), err)
		}
	}
	if len(files) < 8 {
		t.Errorf("only %d secret files were found", len(files))
	}
}
