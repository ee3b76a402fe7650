package raft_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/zeebo/blake3"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/raft"
)

var update = flag.Bool("update", false, "rewrite the golden files of testdata")

// file is a backup made by hand.
func file(index, term uint64, state string) []byte {
	b := []byte("RPPRAFTB\x01\x00\x00\x00")
	for _, v := range []uint64{index, term, uint64(len(state))} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	b = append(b, state...)
	d := blake3.Sum256(b)
	return append(b, d[:]...)
}

// A backup goes into another cluster, whose members stay its own.
func TestBackup(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, 1, nil)
		l := c.leader()
		c.apply(l, "one")
		c.apply(l, "two")
		var b bytes.Buffer
		index, err := l.node.Backup(short(), &b)
		if err != nil || index != l.node.AppliedIndex() {
			t.Fatalf("index %d, %v", index, err)
		}
		if want := file(index, l.node.Term(), "a\none\ntwo"); !bytes.Equal(b.Bytes(), want) {
			t.Errorf("%q\nwant %q", b.Bytes(), want)
		}
		_ = l.node.Close()
		c.open(l, nil) // nothing new since the snapshot: the same backup
		var again bytes.Buffer
		if _, err := l.node.Backup(short(), &again); err != nil || !strings.Contains(again.String(), "a\none\ntwo") {
			t.Errorf("%q, %v", again.String(), err)
		}
		c.close()

		c = newCluster(t, 3, nil)
		defer c.close()
		l = c.leader()
		c.apply(l, "forgotten")
		if err := l.node.Restore(within(10*time.Second), bytes.NewReader(b.Bytes())); err != nil {
			t.Fatal(err)
		}
		c.apply(l, "three")
		if got := c.agree(); !slices.Equal(got, []string{"one", "two", "three"}) {
			t.Errorf("%v", got)
		}
		for _, m := range c.members {
			if m.machine.voterIDs() != "a,b,c" {
				t.Errorf("%s: voters %q", m.id, m.machine.voterIDs())
			}
		}
		if err := c.others(l)[0].node.Restore(short(), bytes.NewReader(b.Bytes())); !errors.Is(err, raft.ErrNotLeader) {
			t.Errorf("by a follower: %v", err)
		}
		for _, m := range c.members { // and it survives a restart of all
			_ = m.node.Close()
		}
		for _, m := range c.members {
			c.open(m, nil)
		}
		c.leader()
		if got := c.agree(); !slices.Equal(got, []string{"one", "two", "three"}) {
			t.Errorf("after a restart: %v", got)
		}
	})
}

func TestBackupRefused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, 1, func(c *raft.Config) {
			c.CheckBackup = func(r io.Reader) error {
				b, _ := io.ReadAll(r)
				return errorIf(errors.New("a later version"), strings.HasPrefix(string(b), "v2"))
			}
		})
		defer c.close()
		l := c.leader()
		c.apply(l, "kept")
		good := file(5, 1, "a\none")
		change := func(at int, v byte) []byte {
			b := bytes.Clone(good)
			b[at] = v
			return b
		}
		large := change(0, 'R')
		binary.LittleEndian.PutUint64(large[28:], raft.SnapshotBytesMax+1)
		for _, b := range []struct {
			want string
			r    io.Reader
		}{
			{"magic", bytes.NewReader(change(0, 'x'))},
			{"version: 2, this release reads 1", bytes.NewReader(change(8, 2))},
			{"digest", bytes.NewReader(change(12, 6))},
			{"digest", bytes.NewReader(change(37, 'x'))},
			{"size: 268435457 bytes, at most", bytes.NewReader(large)},
			{"state", bytes.NewReader(append(bytes.Clone(good), 0))},
			{"header", bytes.NewReader(nil)},
			{"a later version", bytes.NewReader(file(5, 1, "v2\none"))},
			{errDisk.Error(), io.MultiReader(bytes.NewReader(good[:40]), iotest.ErrReader(errDisk))},
		} {
			err := l.node.Restore(short(), b.r)
			if !errors.Is(err, raft.ErrBackup) || !fault.Is(err, fault.CodeBackup) || !strings.Contains(err.Error(), b.want) {
				t.Errorf("%v, want %q", err, b.want)
			}
		}
		for i := range good {
			if err := l.node.Restore(short(), bytes.NewReader(good[:i])); !errors.Is(err, raft.ErrBackup) {
				t.Errorf("%d bytes: %v", i, err)
			}
		}
		if got := l.machine.all(); !slices.Equal(got, []string{"kept"}) {
			t.Errorf("%v", got)
		}
		if _, err := l.node.Backup(short(), failing{}); !errors.Is(err, errDisk) {
			t.Errorf("%v", err)
		}
	})
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errDisk }

// The golden file of version 1 is read for good.
func TestBackupGolden(t *testing.T) {
	name := filepath.Join("testdata", "backup.v1")
	if *update {
		if err := os.WriteFile(name, file(7, 2, "a\none\ntwo"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b, file(7, 2, "a\none\ntwo")) {
		t.Errorf("%x", b)
	}
	bubble(t, func(t *testing.T) {
		c := newCluster(t, 1, nil)
		defer c.close()
		l := c.leader()
		if err := l.node.Restore(short(), bytes.NewReader(b)); err != nil {
			t.Fatal(err)
		}
		if got := l.machine.all(); !slices.Equal(got, []string{"one", "two"}) {
			t.Errorf("%v", got)
		}
	})
}

// A member that has applied nothing has nothing to save.
func TestNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, 1, nil)
		defer c.close()
		m := c.join("b")
		if _, _, err := m.node.Snapshot(short()); !errors.Is(err, raft.ErrNothing) {
			t.Errorf("%v", err)
		}
	})
}
