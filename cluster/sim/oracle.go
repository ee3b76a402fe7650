package sim

import (
	"bytes"
	"hash/fnv"
	"slices"
	"time"

	"github.com/zeebo/blake3"

	"rpp-node/cluster/fsm"
	"rpp-node/scheduler"
)

// oracle watches a run. What it counts must be zero in the end.
type oracle struct {
	w *world

	seen    uint64            // the newest entry that any voter has applied
	entries map[uint64]uint64 // hashes of the entries that voters applied
	digests map[uint64]fsm.Digest
	acks    []ack
	really  map[fsm.JobID]uint8 // voters that verified the job's only proof and stored it, as bits
	first   map[fsm.JobID]uint64
	lives   map[uint64]uint64 // of verdicts: which life of the job they are about
	terms   map[*term]*watch

	duplicated, unverified, diverged int
}

// ack is a submit whose client was told that it is accepted.
type ack struct {
	tenant, key string
	job         fsm.JobID
}

// watch is what the oracle remembers of a term.
type watch struct {
	last   scheduler.Fence
	latest map[place]scheduler.Fence
	grants map[scheduler.JobID]*burst
	proved map[scheduler.JobID]scheduler.DeviceID // whose proof was assembled
	repeat map[scheduler.JobID]rejected
}

// rejected is a proof that is to be made once more.
type rejected struct {
	at     time.Duration
	device scheduler.DeviceID
}

// burst counts what happens within a second.
type burst struct {
	since time.Duration
	count int
}

type place struct {
	job    scheduler.JobID
	device scheduler.DeviceID
}

func newOracle(w *world) *oracle {
	return &oracle{
		w: w, entries: map[uint64]uint64{}, digests: map[uint64]fsm.Digest{}, really: map[fsm.JobID]uint8{},
		first: map[fsm.JobID]uint64{}, lives: map[uint64]uint64{}, terms: map[*term]*watch{},
	}
}

// Every so many entries states are compared and checked.
const (
	digestEvery = 8
	checkEvery  = 32
)

func hashOf(b []byte) uint64 {
	h := fnv.New64a()
	h.Write(b)
	return h.Sum64()
}

// applied looks at an entry that a voter has executed.
func (o *oracle) applied(v *voter, index uint64, e entry, c fsm.Command, r fsm.Result) {
	h := hashOf(e.data) ^ e.term
	o.w.mix(h)
	if old, ok := o.entries[index]; ok && old != h {
		o.diverged++
		o.w.violate("%s: entry %d is not what another voter applied", v.name, index)
	}
	o.entries[index] = h
	if index%digestEvery == 0 {
		o.compare(v, index)
	}
	if index <= o.seen {
		return
	}
	o.seen = index
	if index%checkEvery == 0 {
		if err := fsm.CheckInvariants(v.state); err != nil {
			o.w.violate("%s: entry %d: %v", v.name, index, err)
		}
	}
	for _, e := range r.Changes {
		if e.Kind == fsm.QuarantineChanged {
			o.w.hit(seenQuarantine)
		}
	}
	o.judge(v, index, e, c, r)
}

// judge looks at what a command has done, once.
func (o *oracle) judge(v *voter, index uint64, e entry, c fsm.Command, r fsm.Result) {
	if r.Err != nil {
		return
	}
	switch c := c.(type) {
	case *fsm.ReleaseJob:
		if !r.Existing {
			o.released(index, c)
		}
	case *fsm.FailJob:
		if life := o.lives[hashOf(e.data)]; len(r.Changes) > 0 && life != 0 && life != r.Job.AcceptIndex {
			o.w.violate("%s: a verdict about an earlier life of job %x ends it", v.name, c.Job[:4])
		}
	case *fsm.CloseIntake:
		o.w.hit(seenClosed)
	case *fsm.SubmitJob:
		if r.Existing && r.Job.Revived > 0 && r.Job.AcceptIndex == index {
			o.w.hit(seenRevived)
		}
	}
}

func (o *oracle) released(index uint64, c *fsm.ReleaseJob) {
	w := o.w
	w.tracef("released %x by entry %d", c.Job[:4], index)
	if at, ok := o.first[c.Job]; ok {
		o.duplicated++
		w.violate("job %x was released by entry %d, and again by %d", c.Job[:4], at, index)
	}
	o.first[c.Job] = index
	signed := map[fsm.NodeID]bool{}
	for _, r := range c.Receipts {
		if i := slices.Index(w.voterIDs, r.Voter); i >= 0 && o.really[c.Job]&(1<<i) != 0 {
			signed[r.Voter] = true
		}
	}
	if len(signed) < w.quorum() {
		o.unverified++
		w.violate("job %x was released, %d voters of %d have verified it", c.Job[:4], len(signed), len(w.voters))
	}
	if c.ProofDigest != blake3.Sum256(proofOf(c.Job)) {
		o.unverified++
		w.violate("job %x was released with a false proof", c.Job[:4])
	}
}

// compare holds a state against those of other voters at the same index.
func (o *oracle) compare(v *voter, index uint64) {
	d := v.state.Digest()
	o.w.mix(uint64(d[0]) | uint64(d[1])<<8 | uint64(d[2])<<16)
	if old, ok := o.digests[index]; ok && old != d {
		o.diverged++
		o.w.violate("%s: its state at %d is not that of another voter", v.name, index)
	}
	o.digests[index] = d
}

// verified notes that a voter has verified the job's proof and keeps it.
func (o *oracle) verified(voter int, job fsm.JobID) { o.really[job] |= 1 << voter }

// acknowledged notes what a client was told.
func (o *oracle) acknowledged(r *request, job fsm.JobID) {
	o.w.tracef("accepted %x for %s under %s", job[:4], r.tenant, r.key)
	o.acks = append(o.acks, ack{r.tenant, r.key, job})
}

// began notes a term.
func (o *oracle) began(t *term) {
	o.terms[t] = &watch{latest: map[place]scheduler.Fence{}, grants: map[scheduler.JobID]*burst{}, proved: map[scheduler.JobID]scheduler.DeviceID{}, repeat: map[scheduler.JobID]rejected{}}
}

// verdict notes which life of a job a proposal is about.
func (o *oracle) verdict(data []byte, acceptIndex uint64) { o.lives[hashOf(data)] = acceptIndex }

// received looks at a grant that has reached a worker.
func (o *oracle) received(w *worker, g grant) {
	if !slices.ContainsFunc(w.slots, func(s *slot) bool { return s.name == g.Device }) {
		o.w.violate("%s gets a part for %s", w.name, g.Device)
	}
	if !bytes.Equal(g.witness, o.w.spec(fsm.JobID(g.Job)).witness) {
		o.w.violate("%s gets a witness that is not the job's", w.name)
	}
}
