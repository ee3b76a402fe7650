package leader

import (
	"context"

	"rpp-node/cluster/fsm"
	"rpp-node/scheduler"
)

// View is what the leader knows beyond the replicated state.
type View struct {
	scheduler.View
	Workers map[string]Worker // connected, by name
}

// Worker is a worker that is connected.
type Worker struct {
	Version string
	Build   string
}

// View tells how things stand.
func (l *Leader) View(ctx context.Context) (v View, err error) {
	err = l.do(ctx, func(t *term) {
		v.View = t.scheduler.View()
		v.Workers = make(map[string]Worker, len(t.sessions))
		for w, s := range t.sessions {
			v.Workers[string(w)] = Worker{Version: s.version, Build: s.build}
		}
	})
	return v, err
}

// Job tells what the scheduler knows of a job; false if it has none of that name.
func (l *Leader) Job(ctx context.Context, id fsm.JobID) (v scheduler.JobView, ok bool, err error) {
	err = l.do(ctx, func(t *term) { v, ok = t.scheduler.Job(scheduler.JobID(id)) })
	return v, ok, err
}
