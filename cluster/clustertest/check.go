package clustertest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/anishathalye/porcupine"

	"rpp-node/cluster/fsm"
	"rpp-node/store/artifact"
)

const (
	// settleTime is how long a healed cluster may take to find a leader and agree.
	settleTime = 20 * time.Second
	// finishTime is how long it may take to end every job: several leases, and the rests
	// of devices that have failed.
	finishTime = 3 * time.Minute
	pollPause  = 100 * time.Millisecond
)

// Heal ends every fault: all voters and workers up, all links whole, no message lost, all
// devices honest.
func (c *Cluster) Heal() error {
	c.net.Heal()
	c.net.quality(time.Millisecond, 3*time.Millisecond, 0)
	var errs []error
	for _, v := range c.voters {
		if !v.Up() {
			errs = append(errs, v.start())
		}
	}
	for _, w := range c.workers {
		if w.current.Load() == nil {
			errs = append(errs, w.start())
		}
	}
	return errors.Join(errs...)
}

// CheckAll heals the cluster, lets it finish, and says what is wrong with it. Clients must
// be quiet.
//
//   - Every command that was acknowledged is in the history of every voter, at the index
//     that its client was told; no two voters, in all their lives, have applied different
//     entries at one index.
//   - Every submit that was acknowledged is a job on every voter, under its key.
//   - The state machines are equal, and each keeps its invariants.
//   - Every job has ended. Each that was released has a proof that verifies, on every
//     voter, and receipts of a quorum, each made by that voter after it had stored the
//     proof.
//   - What clients were told, retries and all, is what one copy of the cluster would have
//     told them.
func (c *Cluster) CheckAll() error {
	if err := c.Heal(); err != nil {
		return err
	}
	errs := []error{c.settle()}
	if errs[0] == nil {
		errs = append(errs, c.finish(), c.checkHistories(), c.checkStates(), c.checkJobs())
	}
	errs = append(errs, c.checkClients())
	c.ledger.mu.Lock()
	for _, w := range c.ledger.wrong {
		errs = append(errs, errors.New(w))
	}
	c.ledger.mu.Unlock()
	c.oracle.mu.Lock()
	for _, e := range c.oracle.errors {
		errs = append(errs, errors.New(e))
	}
	c.oracle.mu.Unlock()
	return errors.Join(errs...)
}

// until waits for a condition.
func until(limit time.Duration, f func() bool) bool {
	for start := time.Now(); time.Since(start) < limit; {
		if f() {
			return true
		}
		time.Sleep(pollPause)
	}
	return f()
}

// settle waits until a leader leads and all voters have applied the same.
func (c *Cluster) settle() error {
	agreed := func() bool {
		v := c.leader()
		if v == nil {
			return false
		}
		l := v.current.Load()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if l.raft.ReadBarrier(ctx) != nil {
			return false
		}
		at := l.machine.history()
		for _, v := range c.voters {
			if l := v.current.Load(); l == nil || l.machine.history() != at {
				return false
			}
		}
		return true
	}
	if until(settleTime, agreed) {
		return nil
	}
	var s string
	for _, v := range c.voters {
		if l := v.current.Load(); l != nil {
			s += fmt.Sprintf("; %s is %s in term %d, log to %d, committed %d, applied %d", v.name, l.raft.State(), l.raft.Term(), l.raft.LastIndex(), l.raft.CommitIndex(), l.raft.AppliedIndex())
		}
	}
	return fmt.Errorf("the healed cluster does not agree within %v%s", settleTime, s)
}

// finish waits until no job is live, and every voter holds what its state refers to.
func (c *Cluster) finish() error {
	if !c.conf.Jobs {
		return nil
	}
	var stuck []string
	done := func() bool {
		stuck = nil
		for _, v := range c.voters {
			l := v.current.Load()
			for _, j := range l.machine.LiveJobs() {
				stuck = append(stuck, fmt.Sprintf("%s: job %.8s is live, accepted at %d, revived %d times", v.name, j.ID, j.AcceptIndex, j.Revived))
			}
			for d, kind := range l.referenced() {
				if have, err := l.artifacts.Has(d); err != nil || !have {
					stuck = append(stuck, fmt.Sprintf("%s lacks the %v %v: %v", v.name, kind, d, err))
				}
			}
		}
		return len(stuck) == 0
	}
	if until(finishTime, done) {
		return c.settle()
	}
	why := ""
	if v := c.leader(); v != nil {
		if view, err := v.current.Load().leader.View(context.Background()); err == nil {
			why = fmt.Sprintf("; %s: %+v", v.name, view)
		}
	}
	return fmt.Errorf("stuck: %d, %v%s", len(stuck), stuck[:min(3, len(stuck))], why)
}

// Lost counts the acknowledged entries that the history of some voter does not have.
func (c *Cluster) lost() (int, error) {
	lost := 0
	var first error
	for _, v := range c.voters {
		h, err := c.ledger.history(v.current.Load().machine.history())
		if err != nil {
			return 0, fmt.Errorf("%s: %w", v.name, err)
		}
		has := make(map[[32]byte]bool, len(h))
		for _, e := range h {
			has[e] = true
		}
		missing := 0
		c.oracle.mu.Lock()
		for _, a := range c.oracle.acks {
			if a.index != 0 && h[a.index] == a.entry || a.index == 0 && has[a.entry] {
				continue
			}
			missing++
			if first == nil {
				first = fmt.Errorf("%s does not have the entry at %d that was acknowledged", v.name, a.index)
			}
		}
		c.oracle.mu.Unlock()
		lost = max(lost, missing)
	}
	return lost, first
}

func (c *Cluster) checkHistories() error {
	if lost, err := c.lost(); err != nil {
		return fmt.Errorf("lost %d of %d: %w", lost, len(c.oracle.acks), err)
	}
	return nil
}

func (c *Cluster) checkStates() error {
	var errs []error
	var first fsm.Digest
	for i, v := range c.voters {
		v.current.Load().machine.View(func(s *fsm.State) {
			d := s.Digest()
			if i == 0 {
				first = d
			} else if d != first {
				errs = append(errs, fmt.Errorf("the state of %s differs", v.name))
			}
			if err := fsm.CheckInvariants(s); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", v.name, err))
			}
			for who, sequence := range c.oracle.anchors {
				if m, ok := s.Member(who); !ok || m.AuditSequence < sequence {
					errs = append(errs, fmt.Errorf("%s does not have the anchor %d that was acknowledged", v.name, sequence))
				}
			}
			for _, a := range c.oracle.acks {
				if a.key == "" {
					continue
				}
				if j, ok := s.ByKey(tenant, a.key); !ok || j.ID != a.job {
					errs = append(errs, fmt.Errorf("%s does not have the job that was acknowledged under %s", v.name, a.key))
				}
			}
		})
	}
	return errors.Join(errs...)
}

func (c *Cluster) checkJobs() error {
	if !c.conf.Jobs {
		return nil
	}
	var errs []error
	for _, v := range c.voters {
		l := v.current.Load()
		var jobs []*fsm.Job
		l.machine.View(func(s *fsm.State) { jobs, _ = s.Jobs(fsm.Filter{}, 0, 1000) })
		for _, j := range jobs {
			if j.Release == nil {
				continue
			}
			proof, err := l.artifacts.Get(artifact.Digest(j.Release.ProofDigest))
			if err == nil {
				err = verify(j.ID, proof)
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: released job %.8s: %w", v.name, j.ID, err))
			}
			errs = append(errs, c.checkReceipts(j))
		}
	}
	return errors.Join(errs...)
}

func (c *Cluster) checkReceipts(j *fsm.Job) error {
	c.oracle.mu.Lock()
	defer c.oracle.mu.Unlock()
	if len(j.Release.Receipts) <= len(c.voters)/2 {
		return fmt.Errorf("job %.8s was released on %d receipts", j.ID, len(j.Release.Receipts))
	}
	for _, r := range j.Release.Receipts {
		if !c.oracle.receipts[r.Signature] {
			return fmt.Errorf("job %.8s was released on a receipt that voter %.8s did not make", j.ID, r.Voter)
		}
	}
	return nil
}

// checkClients looks for an order of all calls, key by key, in which every answer is the
// right one.
func (c *Cluster) checkClients() error {
	c.oracle.mu.Lock()
	history := c.oracle.history
	c.oracle.mu.Unlock()
	if porcupine.CheckOperations(keyModel, history) {
		return nil
	}
	for _, h := range keyModel.Partition(history) {
		if porcupine.CheckOperations(keyModel, h) {
			continue
		}
		s := ""
		for _, o := range h {
			s += fmt.Sprintf("\n  %d to %d: %v", o.Call-h[0].Call, o.Return-h[0].Call, keyModel.DescribeOperation(o.Input, o.Output))
		}
		return fmt.Errorf("no order explains what clients were told:%s", s)
	}
	return nil
}
