package leader

import (
	"context"
	"errors"
	"time"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/scheduler"
)

// propose commits a command, trying again until it is answered or the term ends. Commands
// are idempotent, so one whose fate is unknown is simply proposed again. What came of it
// is learned from the state's changes, like everything else.
func (t *term) propose(c fsm.Command) {
	*c.Stamp() = fsm.Header{NowMS: t.l.cfg.Now().UnixMilli(), Actor: t.l.cfg.Name}
	data, err := fsm.Encode(c)
	if err != nil { // a bound that nothing we propose reaches
		t.l.cfg.Log.Error("command not proposed", "error", err)
		return
	}
	t.start(func(ctx context.Context) {
		for ctx.Err() == nil {
			err := t.l.commit(ctx, data)
			var answer *fault.Error
			if err == nil {
				t.do(ctx, func(t *term) { t.settled(c) })
				return
			}
			if errors.As(err, &answer) && answer.Kind != fault.Unavailable {
				t.l.cfg.Log.Warn("command refused", "error", err)
				t.do(ctx, func(t *term) { t.refused(c) })
				return
			}
			select {
			case <-ctx.Done():
			case <-time.After(proposePause):
			}
		}
	})
}

// commit makes one attempt. Its error is the state machine's, or the log's.
func (l *Leader) commit(ctx context.Context, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, proposeTimeout)
	defer cancel()
	result, err := l.cfg.Raft.Apply(ctx, data)
	if err != nil {
		return err
	}
	if r, ok := result.(fsm.Result); ok && r.Err != nil {
		return r.Err
	}
	return nil
}

// settled looks at what a command has left over. A spec that is quarantined for one tenant
// may be wanted by another, for whom its job goes on; for the scheduler it has ended.
func (t *term) settled(c fsm.Command) {
	q, ok := c.(*fsm.QuarantineSpec)
	if !ok {
		return
	}
	j := t.job(fsm.JobID(q.Spec))
	if j == nil || !j.Live() || t.known[j.ID] != j.AcceptIndex {
		return
	}
	if v, ok := t.scheduler.Job(scheduler.JobID(j.ID)); ok && v.State == scheduler.JobEnded {
		t.over(j.ID, nil)
		t.accepted(j)
	}
}

// refused undoes what stood on a command that the state machine did not accept: a release
// is judged anew a while later, when voters may have changed or a family been unfrozen.
func (t *term) refused(c fsm.Command) {
	if q, ok := c.(*fsm.QuarantineSpec); ok { // the list is full; the job ends in any case
		t.propose(&fsm.FailJob{Job: fsm.JobID(q.Spec), Code: fault.CodeQuarantined, Reason: q.Reason})
		return
	}
	r, ok := c.(*fsm.ReleaseJob)
	if !ok {
		return
	}
	if a := t.assemblies[r.Job]; a != nil && a.digest == r.ProofDigest {
		a.proposing, a.refused = false, true
		a.gather.SetVoters(t.l.cfg.Raft.Voters())
		a.again = t.l.cfg.Now().Add(refusedPause)
	}
}
