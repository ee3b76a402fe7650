package node

import (
	"context"
	"errors"
	"fmt"

	"connectrpc.com/connect"

	"rpp-node/cluster/api"
	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/worker"
	"rpp-node/cluster/worker/device"
)

func (n *Node) openDevices() error {
	for i := range n.cfg.Devices {
		d, err := n.cfg.Device(n.ctx, i)
		if err != nil {
			n.closeDevices()
			return fmt.Errorf("device %d: %w", i, err)
		}
		n.devices = append(n.devices, observed{d, n})
	}
	if len(n.devices) == 0 {
		return nil
	}
	random := n.newRand()
	w, err := worker.New(worker.Config{
		Version: n.cfg.Version, Build: n.cfg.Build, Leader: sessions{n}, Keys: provingKeys{n}, Witnesses: witnesses{n},
		Devices: n.devices, Families: families(), Log: n.log, Now: n.cfg.Now, Chance: random.Float64,
	})
	if err != nil {
		n.closeDevices()
		return err
	}
	n.worker = w
	return nil
}

func (n *Node) closeDevices() {
	for _, d := range n.devices {
		d.Close()
	}
	n.devices = nil
}

// observed counts what a device proves.
type observed struct {
	worker.Device
	n *Node
}

func (o observed) Run(ctx context.Context, t *worker.Task, begin func(string)) (*worker.Result, error) {
	began := o.n.cfg.Now()
	r, err := o.Device.Run(ctx, t, begin)
	took := o.n.cfg.Now().Sub(began)
	family := t.Spec.Family
	var failed *device.Error
	switch {
	case err == nil:
		o.n.tracker.Proved(family, took, len(r.ProofFile))
		o.n.deviceCPU.Add(int64(r.Usage.CPU))
		o.n.recordAs(o.n.member.Name, "proof.make", t.Spec.ID().String(), "family", family, "device", o.Info().Name)
	case errors.As(err, &failed):
		o.n.tracker.ProofFailed(family, failed.Outcome.String(), failed.Reason)
		if failed.Outcome == device.Crashed || failed.Outcome == device.OutOfMemory || failed.Outcome == device.TimeLimit {
			o.n.metrics.DeviceCrashed(failed.Outcome.String())
		}
	}
	return r, err
}

// provingKeys finds proving keys for the worker.
type provingKeys struct{ n *Node }

func (p provingKeys) Proving(ctx context.Context, fingerprint [32]byte) ([]byte, error) {
	b, err := p.n.keys.Proving(ctx, fingerprint)
	if fault.Is(err, fault.CodeKeyMissing) && p.n.role == identity.Worker {
		// The key is younger than what the leader has told this node: ask.
		p.n.report(ctx)
		b, err = p.n.keys.Proving(ctx, fingerprint)
	}
	return b, err
}

// sessions opens sessions with whoever leads.
type sessions struct{ n *Node }

func (s sessions) Session(ctx context.Context) (worker.Stream, error) {
	candidates := s.n.voterAddresses()
	if len(candidates) == 0 {
		return nil, fault.New(fault.CodeNoLeader, "no voter is known")
	}
	// The first is the leader, as far as is known. After a failure it is another's turn,
	// until somebody tells who leads.
	turn := s.n.turn.Load()
	address := candidates[turn%uint64(len(candidates))]
	if advised := s.n.advised.Swap(nil); advised != nil {
		address = *advised
	}
	ctx, cancel := context.WithCancel(ctx)
	return &session{n: s.n, turn: turn, stream: s.n.peers.at(s.n, address).Workers.Session(ctx), cancel: cancel}, nil
}

// session is a worker's end of a stream to the leader.
type session struct {
	n      *Node
	turn   uint64
	stream *connect.BidiStreamForClient[internalv1.WorkerMessage, internalv1.LeaderMessage]
	cancel context.CancelFunc
}

func (s *session) Send(m *internalv1.WorkerMessage) error { return s.failed(s.stream.Send(m)) }

func (s *session) Receive() (*internalv1.LeaderMessage, error) {
	m, err := s.stream.Receive()
	return m, s.failed(err)
}

// failed makes it another node's turn.
func (s *session) failed(err error) error {
	if err == nil {
		return nil
	}
	if leader := api.LeaderIn(err); leader != "" {
		s.n.advised.Store(&leader) // for one try: it may be wrong
	}
	s.n.turn.CompareAndSwap(s.turn, s.turn+1)
	return api.FromError(err)
}

// Close ends the stream both ways. Without the end of the request, net/http would wait for
// more of it, whatever the context says.
func (s *session) Close() error {
	s.cancel()
	return s.stream.CloseRequest()
}

// workers is WorkerService.
type workers struct{ n *Node }

func (w workers) Session(ctx context.Context, caller api.Caller, stream api.WorkerStream) error {
	var m *fsm.Member
	w.n.machine.View(func(s *fsm.State) { m, _ = s.Member(fsm.NodeID(caller.ID)) })
	if m == nil {
		return fault.New(fault.CodeUnauthenticated, "node %s is no member", caller.ID)
	}
	return w.n.leader.Session(ctx, m.ID, m.Name, stream)
}
