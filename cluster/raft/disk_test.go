package raft_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rpp-node/cluster/raft"
	"rpp-node/store"
	"rpp-node/store/raftlog"
)

// On the stores that a node uses: restarts, a restored backup, a member that lost its disk,
// and one whose disk rotted.
func TestOnDisk(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds of real time")
	}
	defer goleak.VerifyNone(t)
	dirs, dbs := map[string]string{}, map[string]*store.DB{}
	for _, id := range []string{"a", "b", "c"} {
		dirs[id] = t.TempDir()
	}
	var openErr error // of the stores
	c := &cluster{t: t}
	c.change = func(conf *raft.Config) {
		conf.TrailingLogs, conf.IsCorrupt = 20, store.IsCorruption
		conf.HeartbeatTimeout, conf.ElectionTimeout, conf.LeaseTimeout = 500*time.Millisecond, 500*time.Millisecond, 250*time.Millisecond
		db, err := store.Open(store.Options{Dir: dirs[conf.ID], CacheBytes: 1 << 20, MemTableBytes: 1 << 20, StopOnCorruption: true})
		if err != nil {
			openErr = err
			return
		}
		dbs[conf.ID] = db
		log, err := raftlog.Open(db)
		if err != nil {
			openErr = err
			return
		}
		conf.Logs, conf.Stable, conf.Snapshots = log, log, log
	}
	stop := func(m *member) {
		if m.node != nil {
			_ = m.node.Close()
			m.node = nil
		}
		if db := dbs[m.id]; db != nil {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
			delete(dbs, m.id)
		}
	}
	c.boot(3)
	defer func() {
		for _, m := range c.members {
			stop(m)
		}
	}()

	l := c.leader()
	var want []string
	more := func(n int) {
		for range n {
			want = append(want, numbered("e", len(want)))
			c.apply(l, want[len(want)-1])
		}
	}
	more(60)
	var backup bytes.Buffer
	if _, err := l.node.Backup(short(), &backup); err != nil {
		t.Fatal(err)
	}
	saved := slices.Clone(want)
	more(60)
	for _, m := range c.members { // all of them at once
		stop(m)
	}
	for _, m := range c.members {
		c.open(m, nil)
	}
	l = c.leader()
	if got := c.agree(); !slices.Equal(got, want) {
		t.Errorf("after a restart: %d entries, want %d", len(got), len(want))
	}
	if err := l.node.Restore(within(10*time.Second), &backup); err != nil {
		t.Fatal(err)
	}
	want = saved
	more(5)
	if got := c.agree(); !slices.Equal(got, want) {
		t.Errorf("restored: %d entries, want %d", len(got), len(want))
	}

	m := c.others(l)[0] // its disk is lost
	stop(m)
	dirs[m.id] = t.TempDir()
	if err := l.node.Remove(short(), m.id); err != nil {
		t.Fatal(err)
	}
	c.open(m, nil)
	if err := l.node.AddVoter(within(10*time.Second), m.id, address(m.id)); err != nil {
		t.Fatal(err)
	}
	more(5)
	if got := c.agree(); !slices.Equal(got, want) {
		t.Errorf("after a loss: %d entries, want %d", len(got), len(want))
	}

	stop(m) // its disk rots
	rot(t, dirs[m.id])
	conf := c.config(m, nil)
	if openErr == nil { // the store noticed nothing: then the member has to
		_, openErr = raft.Open(conf)
	}
	if !errors.Is(openErr, raft.ErrCorrupt) && !store.IsCorruption(openErr) {
		t.Errorf("opened a rotten store: %v", openErr)
	}
}

// rot flips a bit in the middle of each log file of a database.
func rot(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) > 0 {
			b[len(b)/2] ^= 1
		}
		if err := os.WriteFile(f, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
