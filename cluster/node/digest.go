package node

import (
	"sync"
	"time"

	"rpp-node/cluster/fsm"
)

// stateDigest is the digest of the replicated state that pages show, with the index that it
// is of. It costs as much as a snapshot, so it is made at most once in digestPause, and
// only when something has been applied since.
type stateDigest struct {
	mu     sync.Mutex // guards the rest
	made   time.Time
	index  uint64
	digest fsm.Digest
}

func (d *stateDigest) of(m *fsm.Machine, now time.Time) (index uint64, digest fsm.Digest) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.made.IsZero() && now.Sub(d.made) < digestPause {
		return d.index, d.digest
	}
	var applied uint64
	m.View(func(s *fsm.State) { applied = s.AppliedIndex() })
	if d.made.IsZero() || applied != d.index {
		var frozen *fsm.Frozen
		m.View(func(s *fsm.State) { frozen = s.Freeze() })
		d.index, d.digest = frozen.AppliedIndex(), frozen.Digest()
	}
	d.made = now
	return d.index, d.digest
}
