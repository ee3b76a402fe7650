package identity_test

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
)

// memFS is a disk in memory that fails the write of a given number, before or after it
// took effect.
type memFS struct {
	files       map[string][]byte
	perms       map[string]fs.FileMode
	writes      int
	failAt      int // 0: never
	butPersists bool
}

var errDisk = errors.New("disk failed")

func newMemFS() *memFS {
	return &memFS{files: map[string][]byte{}, perms: map[string]fs.FileMode{}}
}

func (m *memFS) Read(path string, limit int) ([]byte, fs.FileMode, error) {
	b, ok := m.files[path]
	if !ok {
		return nil, 0, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	}
	if len(b) > limit {
		return nil, 0, fmt.Errorf("%s: more than %d bytes", path, limit)
	}
	return bytes.Clone(b), m.perms[path], nil
}

func (m *memFS) WriteAtomic(path string, data []byte, perm fs.FileMode) error {
	m.writes++
	fails := m.writes == m.failAt
	if !fails || m.butPersists {
		m.files[path], m.perms[path] = bytes.Clone(data), perm
	}
	if fails {
		return errDisk
	}
	return nil
}

// Both disks must behave alike.
func disks(t *testing.T, test func(t *testing.T, disk identity.FS, path string)) {
	t.Run("memory", func(t *testing.T) { test(t, newMemFS(), "id") })
	t.Run("OS", func(t *testing.T) { test(t, identity.OS, filepath.Join(t.TempDir(), "node", "id")) })
}

func TestDirKeepsWhatWasSaved(t *testing.T) {
	disks(t, func(t *testing.T, disk identity.FS, path string) {
		root := newRoot(t, "alpha", 1)
		dir := identity.OpenDir(disk, path)
		if _, err := dir.Load("alpha"); !errors.Is(err, identity.ErrNotJoined) {
			t.Fatalf("before joining: %v", err)
		}
		if _, err := dir.Cluster(); !errors.Is(err, identity.ErrNotJoined) {
			t.Fatalf("before joining: %v", err)
		}
		key := must(dir.Key(seeded(2)))(t)
		if again := must(dir.Key(seeded(3)))(t); !again.Equal(key) {
			t.Fatal("the key changed between two attempts to join")
		}
		chain := must(root.Issue(must(identity.NewCSR(key))(t), identity.Grant{Role: identity.Voter}))(t)
		cred := must(identity.NewCredential("alpha", key, chain, []*x509.Certificate{root.Root()}))(t)
		if err := dir.Save(cred); err != nil {
			t.Fatal(err)
		}
		back := must(dir.Load("alpha"))(t)
		if back.Identity() != cred.Identity() || !back.Key().Equal(key) {
			t.Errorf("saved %s, loaded %s", cred, back)
		}
		if got := must(dir.Cluster())(t); got != "alpha" {
			t.Errorf("cluster %s", got)
		}
		if _, err := dir.Load("beta"); !fault.Is(err, fault.CodeWrongCluster) {
			t.Errorf("loaded into another cluster: %v", err)
		}

		if _, err := dir.LoadIssuer("alpha", at(epoch), seeded(4)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("an issuer that was never saved: %v", err)
		}
		issuerKey := must(dir.IssuerKey(seeded(5)))(t)
		issuerChain := must(root.IssueIssuer(must(identity.NewCSR(issuerKey))(t), cred.Identity().ID))(t)
		issuer := must(identity.NewCA("alpha", issuerKey, append(issuerChain, root.Root()), at(epoch), seeded(6)))(t)
		if err := dir.SaveIssuer(issuer); err != nil {
			t.Fatal(err)
		}
		loaded := must(dir.LoadIssuer("alpha", at(epoch), seeded(7)))(t)
		must(identity.NewVerifier(trust(root.Root())).Client(must(loaded.Issue(newCSR(t, 8), identity.Grant{Role: identity.Worker}))(t)))(t)

		for _, name := range []string{"node.key", "intermediate.key"} {
			if _, perm, err := disk.Read(filepath.Join(path, name), 1<<16); err != nil || perm != 0o600 {
				t.Errorf("%s: %v, permissions %o", name, err, perm)
			}
		}
		if _, _, err := disk.Read(filepath.Join(path, "node.crt"), 10); err == nil {
			t.Error("a file longer than the limit was read")
		}
	})
}

func TestDirRefusesWhatIsWrong(t *testing.T) {
	root := newRoot(t, "alpha", 1)
	for _, c := range []struct {
		name  string
		spoil func(m *memFS)
		says  string
	}{
		{"key open to others", func(m *memFS) { m.perms["id/node.key"] = 0o640 }, "chmod 600 id/node.key"},
		{"key lost", func(m *memFS) { delete(m.files, "id/node.key") }, "node.key is missing"},
		{"roots lost", func(m *memFS) { delete(m.files, "id/ca.crt") }, "ca.crt is missing"},
		{"key damaged", func(m *memFS) { m.files["id/node.key"] = m.files["id/node.key"][1:] }, "id/node.key"},
		{"key doubled", func(m *memFS) { m.files["id/node.key"] = bytes.Repeat(m.files["id/node.key"], 2) }, "id/node.key"},
		{"certificate for a key", func(m *memFS) { m.files["id/node.key"] = m.files["id/node.crt"] }, "id/node.key"},
		{"key for a certificate", func(m *memFS) { m.files["id/node.crt"] = m.files["id/node.key"] }, "id/node.crt"},
		{"certificate empty", func(m *memFS) { m.files["id/node.crt"] = nil }, "no certificate"},
		{"seven certificates", func(m *memFS) { m.files["id/node.crt"] = bytes.Repeat(m.files["id/node.crt"], 7) }, "more than"},
		{"file too long", func(m *memFS) { m.files["id/node.crt"] = make([]byte, 1<<17) }, "more than"},
		{"another's key", func(m *memFS) {
			other := identity.OpenDir(m, "other")
			must(other.Key(seeded(9)))(t)
			m.files["id/node.key"] = m.files["other/node.key"]
		}, "not that of the key"},
		{"another root", func(m *memFS) {
			m.files["id/ca.crt"] = bytes.Replace(m.files["id/ca.crt"], m.files["id/ca.crt"], pemOf(newRoot(t, "alpha", 9)), 1)
		}, "signed by unknown authority"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMemFS()
			dir := identity.OpenDir(m, "id")
			key := must(dir.Key(seeded(2)))(t)
			chain := must(root.Issue(must(identity.NewCSR(key))(t), identity.Grant{Role: identity.Voter}))(t)
			if err := dir.Save(must(identity.NewCredential("alpha", key, chain, []*x509.Certificate{root.Root()}))(t)); err != nil {
				t.Fatal(err)
			}
			c.spoil(m)
			if _, err := dir.Load("alpha"); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error = %v, want one that says %q", err, c.says)
			}
		})
	}
}

func pemOf(ca *identity.CA) []byte {
	m := newMemFS()
	key, err := identity.NewKey(seeded(3))
	if err != nil {
		panic(err)
	}
	csr, err := identity.NewCSR(key)
	if err != nil {
		panic(err)
	}
	chain, err := ca.Issue(csr, identity.Grant{Role: identity.Voter})
	if err != nil {
		panic(err)
	}
	cred, err := identity.NewCredential(ca.Cluster(), key, chain, []*x509.Certificate{ca.Root()})
	if err != nil {
		panic(err)
	}
	if err := identity.OpenDir(m, "x").Save(cred); err != nil {
		panic(err)
	}
	return m.files["x/ca.crt"]
}

// Whichever write of joining fails, and whether it took effect or not, the directory is
// as before or complete, and joining again completes it under the same ID.
func TestJoiningSurvivesEveryFailedWrite(t *testing.T) {
	root := newRoot(t, "alpha", 1)
	join := func(m *memFS) error {
		dir := identity.OpenDir(m, "id")
		key, err := dir.Key(seeded(2))
		if err != nil {
			return err
		}
		chain := must(root.Issue(must(identity.NewCSR(key))(t), identity.Grant{Role: identity.Voter}))(t)
		return dir.Save(must(identity.NewCredential("alpha", key, chain, []*x509.Certificate{root.Root()}))(t))
	}
	whole := newMemFS()
	if err := join(whole); err != nil {
		t.Fatal(err)
	}
	if whole.writes != 3 {
		t.Fatalf("joining takes %d writes, want 3: key, roots, certificate", whole.writes)
	}
	for k := 1; k <= whole.writes; k++ {
		for _, persists := range []bool{false, true} {
			m := newMemFS()
			m.failAt, m.butPersists = k, persists
			if err := join(m); !errors.Is(err, errDisk) {
				t.Fatalf("write %d: error = %v", k, err)
			}
			dir := identity.OpenDir(m, "id")
			complete := k == whole.writes && persists
			if _, err := dir.Load("alpha"); complete != (err == nil) || !complete && !errors.Is(err, identity.ErrNotJoined) {
				t.Errorf("write %d, persisted %v: %v", k, persists, err)
			}
			if err := join(m); err != nil {
				t.Fatal(err)
			}
			must(dir.Load("alpha"))(t)
		}
	}
}

func TestOSRefusesWhatIsNoFile(t *testing.T) {
	path := t.TempDir()
	target := filepath.Join(path, "target")
	if err := os.WriteFile(target, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, filepath.Join(path, "link")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "link"} {
		if _, _, err := identity.OS.Read(filepath.Join(path, name), 10); err == nil {
			t.Errorf("%q was read", name)
		}
	}
}
