package clustertest

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/worker"
)

// Worker is a worker through all its lives. It has no disk.
type Worker struct {
	identity
	c       *Cluster
	skew    time.Duration
	garbage float64 // how often its devices lie
	current atomic.Pointer[workerLife]
}

type workerLife struct {
	w      *Worker
	host   *Host
	cancel context.CancelFunc
	turn   atomic.Uint64 // which voter is asked first
}

const devicesPerWorker = 2

func (w *Worker) start() error {
	l := &workerLife{w: w, host: w.c.net.host(w.name)}
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	var devices []worker.Device
	for i := range devicesPerWorker {
		devices = append(devices, newDevice(w, i))
	}
	chance := rand.New(rand.NewPCG(w.c.draw(), 0))
	k, err := worker.New(worker.Config{
		Version: "1", Build: buildName, Leader: l, Keys: keys{}, Witnesses: nowhere{}, Devices: devices,
		Cost: cost, Log: w.c.conf.Log, Now: func() time.Time { return time.Now().Add(w.skew) }, Chance: chance.Float64,
	})
	if err != nil {
		cancel()
		return err
	}
	w.current.Store(l)
	w.c.buried.Go(func() {
		if err := k.Run(ctx); err != nil {
			w.c.wrong("%s: %v", w.name, err)
		}
	})
	return nil
}

// crash ends the worker; what it has in memory is gone.
func (w *Worker) crash() {
	if l := w.current.Swap(nil); l != nil {
		w.c.net.Kill(l.host)
		l.cancel()
	}
}

// Session finds out who leads and opens a stream there.
func (l *workerLife) Session(ctx context.Context) (worker.Stream, error) {
	voters := l.w.c.voters
	for range voters {
		v := voters[l.turn.Load()%uint64(len(voters))]
		attempt, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		ours, err := call(attempt, l.host, v.name, func(context.Context) (*end, error) {
			return v.session(l)
		})
		cancel()
		if err == nil {
			return workerEnd{ours}, nil
		}
		l.turn.Add(1)
	}
	return nil, fault.New(fault.CodeNoLeader, "no voter leads")
}

// session serves a worker at this voter, if it leads.
func (v *Voter) session(w *workerLife) (*end, error) {
	l := v.current.Load()
	if l == nil || l.leader == nil || !l.leader.Leading() {
		return nil, fault.New(fault.CodeNoLeader, "%s does not lead", v.name)
	}
	ours, theirs := newStream(w.host, l.host)
	l.do(func(ctx context.Context) {
		stop := context.AfterFunc(ctx, func() { theirs.s.end(errReset) })
		defer stop()
		err := l.leader.Session(ctx, w.w.id, w.w.name, leaderEnd{theirs})
		l.c.conf.Log.Debug("session ended", "voter", l.name, "worker", w.w.name, "error", err)
		theirs.s.end(errReset)
	})
	return ours, nil
}

// keys has the one key that there is.
type keys struct{}

func (keys) Proving(context.Context, [32]byte) ([]byte, error) { return []byte("proving key"), nil }
