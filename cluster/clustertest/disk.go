package clustertest

import (
	"math/rand/v2"

	"github.com/cockroachdb/pebble/v2/vfs"

	"rpp-node/store"
	"rpp-node/store/artifact"
	"rpp-node/store/raftlog"
)

// disk is what a voter keeps: a file system that knows what was synced.
type disk struct{ mem *vfs.MemFS }

func newDisk() disk { return disk{vfs.NewCrashableMem()} }

// crash is the disk as a power cut would leave it now: of what was not synced, a random
// share is there.
func (d disk) crash(rng *rand.Rand) disk {
	return disk{d.mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})}
}

// stores are a voter's open databases.
type stores struct {
	raftDB    *store.DB
	raftLog   *raftlog.Log
	dataDB    *store.DB // nil in clusters without jobs
	artifacts *artifact.Store
}

const (
	cacheBytes    = 256 << 10
	memTableBytes = 256 << 10
)

func (l *life) openStores(d disk, jobs bool) (err error) {
	fs := vfs.FS(d.mem)
	if l.c.plant.Disk != nil {
		fs = l.c.plant.Disk(fs)
	}
	options := store.Options{FS: fs, Dir: "raft", CacheBytes: cacheBytes, MemTableBytes: memTableBytes, StopOnCorruption: true, OnFault: l.storeFault}
	if l.raftDB, err = store.Open(options); err != nil {
		return err
	}
	if l.raftLog, err = raftlog.Open(l.raftDB); err != nil || !jobs {
		return err
	}
	options.Dir, options.StopOnCorruption = "data", false
	if l.dataDB, err = store.Open(options); err != nil {
		return err
	}
	sealer, err := artifact.NewSealer(make([]byte, 32))
	if err != nil {
		return err
	}
	l.artifacts, err = artifact.New(l.dataDB, artifact.Options{QuotaBytes: 1 << 40, Now: l.now, Rand: l.c.bytes, Sealer: sealer})
	return err
}

func (s *stores) close() (err error) {
	for _, db := range []*store.DB{s.raftDB, s.dataDB} {
		if db != nil {
			if e := db.Close(); err == nil {
				err = e
			}
		}
	}
	return err
}
