package clustertest

import (
	"context"
	"errors"
	"time"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/cluster/raft"
	"rpp-node/store/artifact"
)

// What follows does what cluster/node does for the API, in its order, without the API.

const (
	applyTimeout   = 5 * time.Second
	witnessTimeout = 3 * time.Second
)

// answer is what a client learns from a voter.
type answer struct {
	index  uint64 // of the entry, 0 if there was none
	entry  []byte
	result fsm.Result
}

// propose commits a command. The error is the log's, or the state machine's.
func (l *life) propose(ctx context.Context, who string, c fsm.Command) (a answer, err error) {
	*c.Stamp() = fsm.Header{NowMS: l.now().UnixMilli(), Actor: who}
	if a.entry, err = fsm.Encode(c); err != nil {
		return a, err
	}
	ctx, cancel := context.WithTimeout(ctx, applyTimeout)
	defer cancel()
	index, result, err := l.log.Apply(ctx, a.entry)
	if err != nil {
		return a, err
	}
	r, ok := result.(fsm.Result)
	if !ok {
		return a, fault.New(fault.CodeInternal, "the state machine answered with a %T", result)
	}
	a.index, a.result = index, r
	return a, r.Err
}

// submit reserves a place for a job, stores its witness on a quorum and has the cluster
// agree to it.
func (l *life) submit(ctx context.Context, key string, o order) (answer, error) {
	if err := l.leader.Admit(ctx, o.id, o.ask()); err != nil {
		return answer{}, err
	}
	err := l.replicate(ctx, o)
	var a answer
	if err == nil {
		a, err = l.propose(ctx, "client", o.submit(key))
	}
	if err != nil {
		l.leader.Forget(context.WithoutCancel(ctx), o.id)
	}
	return a, err
}

// replicate stores a witness on a quorum of voters.
func (l *life) replicate(ctx context.Context, o order) error {
	all := raftAdapter{l.raft, l.log}.Voters()
	done := make(chan error, len(all))
	for _, id := range all {
		l.do(func(ctx context.Context) { // it goes on when a quorum has answered
			ctx, cancel := context.WithTimeout(ctx, witnessTimeout)
			defer cancel()
			done <- l.storeOn(ctx, l.c.voterByID(id), o.witness)
		})
	}
	need := len(all)/2 + 1
	for failed, stored := 0, 0; stored < need; {
		select {
		case err := <-done:
			if err == nil {
				stored++
			} else if failed++; failed > len(all)-need {
				return fault.New(fault.CodeNoQuorum, "the witness: %w", err)
			}
		case <-ctx.Done():
			return ctx.Err()
		case <-l.ctx.Done():
			return errNoAnswer
		}
	}
	return nil
}

func (l *life) storeOn(ctx context.Context, v *Voter, witness []byte) error {
	store := func(peer *life) error {
		if peer == nil {
			return errNoAnswer
		}
		_, err := peer.artifacts.Put(artifact.Witness, witness)
		return err
	}
	if v.id == l.id {
		return store(l)
	}
	_, err := call(ctx, l.host, v.name, func(context.Context) (none struct{}, err error) {
		return none, store(v.current.Load())
	})
	return err
}

// find reads the job under a key, as of now.
func (l *life) find(ctx context.Context, key string) (answer, error) {
	if err := l.raft.ReadBarrier(ctx); err != nil {
		return answer{}, err
	}
	var a answer
	l.machine.View(func(s *fsm.State) { a.result.Job, _ = s.ByKey(tenant, key) })
	return a, nil
}

// withdraw cancels what was submitted under a key.
func (l *life) withdraw(ctx context.Context, key string) (answer, error) {
	if a, err := l.find(ctx, key); err != nil || a.result.Job == nil {
		return a, err
	}
	return l.propose(ctx, "client", &fsm.CancelJob{Tenant: tenant, IdempotencyKey: key})
}

// refused says whether an error means that nothing was done and nothing will be.
func refused(err error) bool {
	switch f := fault.Of(err); {
	case errors.Is(err, errNoAnswer), errors.Is(err, raft.ErrUncertain), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return false
	case errors.Is(err, raft.ErrNotLeader), errors.Is(err, raft.ErrBusy), errors.Is(err, raft.ErrClosed):
		return true
	default:
		return f.Code != fault.CodeInternal
	}
}
