package raftlog

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/hashicorp/raft"
)

// A follower is sent a snapshot of what its log has already, as after an answer that got
// lost: it keeps what lies beyond, and goes on from there.
func TestSnapshotOlderThanTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, l := openLog(t, vfs.NewMem())
		if err := l.StoreLog(&raft.Log{Index: 1, Term: 1, Type: raft.LogConfiguration, Data: raft.EncodeConfiguration(testConfiguration())}); err != nil {
			t.Fatal(err)
		}
		if err := l.StoreLogs(entries(2, 20, 1)); err != nil {
			t.Fatal(err)
		}
		v := newVoter(t, l, l)
		header := raft.RPCHeader{ProtocolVersion: 3, ID: []byte("n2"), Addr: []byte("n2")}
		var installed raft.InstallSnapshotResponse
		err := v.asker.InstallSnapshot("n0", "n0", &raft.InstallSnapshotRequest{
			RPCHeader: header, SnapshotVersion: 1, Term: 1, LastLogIndex: 10, LastLogTerm: 1,
			Configuration: raft.EncodeConfiguration(testConfiguration()), ConfigurationIndex: 1,
		}, &installed, bytes.NewReader(nil))
		if err != nil || !installed.Success {
			t.Fatalf("%+v, %v", installed, err)
		}
		for _, a := range []struct{ from, to uint64 }{{21, 22}, {11, 23}} {
			var appended raft.AppendEntriesResponse
			err = v.asker.AppendEntries("n0", "n0", &raft.AppendEntriesRequest{
				RPCHeader: header, Term: 1, PrevLogEntry: a.from - 1, PrevLogTerm: 1, Entries: entries(a.from, a.to, 1), LeaderCommitIndex: a.to,
			}, &appended)
			if err != nil || !appended.Success {
				t.Errorf("entries %d to %d: %+v, %v", a.from, a.to, appended, err)
			}
		}
		if first, last := l.edges(); first > 11 || last != 23 {
			t.Errorf("log is %d to %d", first, last)
		}
		v.stop()
		db.Close()
		time.Sleep(time.Hour)
	})
}
