package sim

import (
	"bytes"
	"crypto/ed25519"
	"slices"
	"time"

	"github.com/zeebo/blake3"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/cluster/leader"
)

// clusterName is what receipts are signed for.
const clusterName = "simulated"

// voter is a node that votes: log, state, disk, and a leader's part while it leads.
type voter struct {
	*node
	id   fsm.NodeID
	key  ed25519.PrivateKey
	disk *disk
	log  raftLog
	raft

	state   *fsm.State
	applied uint64
	term    *term // while it leads, and knows everything that was committed before
	compact uint64
}

// applied is what became of a proposal.
type applied struct{ fsm.Result }

// open starts the process from what the disk holds.
func (v *voter) open() {
	v.start()
	v.raft = raft{lostAt: -1}
	v.term = nil
	state, err := v.log.restored(v.w.voterIDs)
	if err != nil {
		v.w.violate("%s: its snapshot: %v", v.name, err)
		state = fsm.New(clusterName)
	}
	v.state, v.applied, v.commit = state, v.log.base, v.log.base
	v.watchLeader()
}

// crash ends the process. With power, what was not synced goes too; without, the kernel
// still writes it.
func (v *voter) crash(power bool) {
	if v.term != nil {
		v.term.end()
		v.term = nil
	}
	v.stop()
	v.raft = raft{lostAt: -1}
	if power {
		v.log.crash(v.w)
		v.disk.crash()
	}
	v.w.severed(v.node, power)
}

// apply executes the next entry.
func (v *voter) apply(index uint64) {
	e := v.log.at(index)
	v.applied = index
	var result fsm.Result
	if e.data != nil {
		c, err := fsm.Decode(e.data)
		if err != nil {
			v.w.violate("%s: entry %d: %v", v.name, index, err)
			return
		}
		result = v.w.seams.apply(v.index, v.state, index, c)
		v.w.oracle.applied(v, index, e, c, result)
	}
	if done := v.pending[index]; v.leads && done != nil {
		delete(v.pending, index)
		done(applied{result}, nil)
	}
	if v.term != nil && len(result.Changes) > 0 {
		v.term.notify(result.Changes)
	}
	if v.compact > 0 && index >= v.log.base+v.compact {
		v.snapshot()
	}
}

// snapshot shortens the log.
func (v *voter) snapshot() {
	var b bytes.Buffer
	if _, err := v.state.Freeze().WriteTo(&b); err != nil {
		v.w.violate("%s: snapshot: %v", v.name, err)
		return
	}
	v.log.compact(v.applied, b.Bytes())
	v.log.synced = max(v.log.synced, v.applied)
	v.w.hit(seenSnapshot)
}

// restore takes over a leader's snapshot.
func (v *voter) restore(index, term uint64, snapshot []byte) {
	if index <= v.applied {
		return
	}
	state, err := fsm.ReadSnapshot(bytes.NewReader(snapshot))
	if err != nil {
		v.w.violate("%s: snapshot of index %d: %v", v.name, index, err)
		return
	}
	if state.AppliedIndex() > index {
		v.w.violate("%s: snapshot of index %d is of %d", v.name, index, state.AppliedIndex())
	}
	v.log.install(index, term, snapshot)
	v.state, v.applied, v.commit = state, index, max(v.commit, index)
	v.w.hit(seenInstall)
}

// receipt answers a leader that asks for one: it reads the job in its own state, verifies,
// stores, syncs, signs, in that order. reply hears a *leader.Rejection if the proof is false.
func (v *voter) receipt(ask leader.Ask, reply func(fsm.Receipt, error)) {
	if blake3.Sum256(ask.File) != ask.Digest {
		reply(fsm.Receipt{}, fault.New(fault.CodeCorrupt, "the file is not what its digest says"))
		return
	}
	j, ok := v.state.Job(ask.Job)
	if !ok {
		reply(fsm.Receipt{}, fault.New(fault.CodeNoJob, "not known here yet"))
		return
	}
	honest := bytes.Equal(ask.File, proofOf(j.ID))
	if !v.w.seams.verify(honest) {
		v.w.hit(seenRejection)
		reply(fsm.Receipt{}, &leader.Rejection{Code: "V001", Reason: "false proof"})
		return
	}
	v.after(v.w.upTo(20*time.Millisecond), func() {
		v.disk.put(ask.File, false, func(err error) {
			if err != nil {
				reply(fsm.Receipt{}, fault.New(fault.CodeDiskFull, "%w", err))
				return
			}
			if honest {
				v.w.oracle.verified(v.index, j.ID)
			}
			reply(fsm.SignReceipt(v.key, v.id, fsm.ReceiptClaim{
				Cluster: clusterName, Job: j.ID, Spec: fsm.Digest(j.ID), Proof: ask.Digest, Fingerprint: j.Fingerprint, Build: build,
			}), nil)
		})
	})
}

// heal fetches what the state refers to and the disk has not, as every voter does hourly.
func (v *voter) heal() {
	v.state.References(func(_ fsm.ArtifactKind, d fsm.Digest) {
		if _, err := v.disk.read(d); err == nil {
			return
		}
		for _, o := range v.w.voters {
			if o == v || !o.alive() || !v.w.net.linked(v.node, o.node) {
				continue
			}
			if b, err := o.disk.read(d); err == nil {
				v.disk.put(slices.Clone(b), false, func(error) {})
				v.w.hit(seenRefetch)
				return
			}
		}
	})
}
