package child

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/worker"
	"rpp-node/cluster/worker/device"
)

// Options say how the processes of a device run.
type Options struct {
	Name, Kind string
	// Command starts a process that serves the device protocol on its standard input and
	// output (device.Serve); Env is its environment.
	Command []string
	Env     []string
	Threads int
	// MemoryBytes bounds its memory, 0 for no bound. CgroupDir, if set, is a memory cgroup
	// below which each process gets one, so that the bound covers what RLIMIT_DATA does not.
	MemoryBytes int64
	CgroupDir   string
	// Nice is its priority; the worker's own threads go first.
	Nice int
	CPUs []int // that it may run on; empty for all
	Log  *slog.Logger
	Now  func() time.Time
}

// DefaultNice is the priority of a device below its worker.
const DefaultNice = 5

// Device is a device in a process of its own. Calls may come from any goroutine; tasks run
// one after another.
type Device struct {
	o    Options
	info worker.Info
	turn chan struct{} // holds one token: who has it owns the fields below

	current  *process // nil if the last one has ended
	failures int      // processes that ended by themselves since the last answer
	notUntil time.Time
	nextID   uint64
	closed   bool

	pid    atomic.Int64 // of current, 0 for none
	ctx    context.Context
	cancel context.CancelFunc
}

// ErrClosed is returned by calls after Close.
var ErrClosed = errors.New("child: the device is closed")

// Open starts a device's first process and waits until it is ready.
func Open(ctx context.Context, o Options) (*Device, error) {
	d := &Device{o: o, turn: make(chan struct{}, 1)}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	p, err := d.start(ctx)
	if err != nil {
		d.cancel()
		return nil, err
	}
	d.own(p)
	d.info = worker.Info{
		Name: o.Name, Kind: o.Kind, Threads: int(p.ready.Threads), MemoryBytes: o.MemoryBytes,
	}
	if d.info.Kind == "" {
		d.info.Kind = p.ready.Kernels
	}
	d.turn <- struct{}{}
	return d, nil
}

// Info says what the device is.
func (d *Device) Info() worker.Info { return d.info }

// ResidentBytes is what its process has in memory now.
func (d *Device) ResidentBytes() int64 {
	if pid := d.pid.Load(); pid != 0 {
		return resident(int(pid))
	}
	return 0
}

// Run proves a task. begin is told of its stages. A task that gives no proof is a
// *device.Error; if ctx ends first, its process is ended and the error is ctx's.
func (d *Device) Run(ctx context.Context, t *worker.Task, begin func(stage string)) (*worker.Result, error) {
	if err := d.acquire(ctx); err != nil {
		return nil, err
	}
	defer d.release()
	if t.Alone {
		d.retire()
	}
	p, err := d.process(ctx)
	if err != nil {
		return nil, err
	}
	limited := ctx
	if t.TimeLimit > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, t.TimeLimit)
		defer cancel()
	}
	var m device.Message
	err = d.converse(limited, p, func() (err error) {
		m, err = d.ask(p, t, begin)
		return err
	})
	if err == nil {
		return d.answered(p, m)
	}
	switch {
	case d.ctx.Err() != nil:
		return nil, ErrClosed
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case limited.Err() != nil:
		return nil, &device.Error{
			Outcome: device.TimeLimit, Code: fault.CodeAttempts, Usage: p.usage(),
			Reason: fmt.Sprintf("not proved within %s", t.TimeLimit),
		}
	}
	return nil, d.crashed(p, err)
}

// converse talks with a process, which is ended if ctx ends or the device is closed
// meanwhile. After an error it has ended.
func (d *Device) converse(ctx context.Context, p *process, talk func() error) error {
	stop := context.AfterFunc(ctx, p.kill)
	stopClose := context.AfterFunc(d.ctx, p.kill)
	err := talk()
	// A kill that has begun comes too late for an answer that is here, not for the process.
	if killed := !stop(); !stopClose() || killed || err != nil {
		p.end()
		d.lose(p)
	}
	return err
}

// crashed says how a process failed with which the conversation ended in err.
func (d *Device) crashed(p *process, err error) *device.Error {
	f := p.ended().failure()
	if errors.Is(err, device.ErrFrame) && !errors.Is(err, io.ErrUnexpectedEOF) { // it did not end by itself
		f = &device.Error{Outcome: device.Crashed, Code: fault.CodeAttempts, Reason: err.Error()}
	}
	f.Usage = p.usage()
	d.failed()
	d.o.Log.Error("device process failed", "device", d.o.Name, "outcome", f.Outcome.String(), "reason", f.Reason)
	return f
}

// Calibrate measures the device on a family's sample, in cells a second.
func (d *Device) Calibrate(ctx context.Context, family string) (float64, error) {
	if err := d.acquire(ctx); err != nil {
		return 0, err
	}
	defer d.release()
	p, err := d.process(ctx)
	if err != nil {
		return 0, err
	}
	var m device.Message
	err = d.converse(ctx, p, func() (err error) {
		if err = device.Write(p.in, &device.Calibrate{Family: family}); err == nil {
			m, err = device.Read(p.out)
		}
		return err
	})
	if err != nil {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		return 0, d.crashed(p, err)
	}
	switch m := m.(type) {
	case *device.Measured:
		p.reported += m.Usage.CPU
		return float64(m.Usage.Cells) / m.Usage.Wall.Seconds(), nil
	case *device.Failed:
		return 0, failure(m)
	}
	return 0, d.confused(p, m)
}

// ask hands a task to a process, with its key if need be, and waits for the answer.
func (d *Device) ask(p *process, t *worker.Task, begin func(stage string)) (device.Message, error) {
	held := device.HeldKey{ChainID: t.Spec.ChainID, Fingerprint: t.Spec.Fingerprint}
	if !slices.Contains(p.held, held) {
		load := device.Load{HeldKey: held, Family: t.Spec.Family, Variant: t.Spec.Variant, Blob: t.Key}
		if err := device.Write(p.in, &load); err != nil {
			return nil, err
		}
		m, err := device.Read(p.out)
		if err != nil {
			return nil, err
		}
		h, ok := m.(*device.Held)
		if !ok {
			return m, nil
		}
		p.held = h.Keys
	}
	d.nextID++
	if err := device.Write(p.in, &device.Task{ID: d.nextID, Spec: t.Spec.Encode(), Witness: t.Witness}); err != nil {
		return nil, err
	}
	for {
		m, err := device.Read(p.out)
		if err != nil {
			return nil, err
		}
		s, ok := m.(*device.Stage)
		if !ok {
			return m, nil
		}
		if begin != nil {
			begin(s.Name)
		}
	}
}

// answered turns a process's answer into the caller's.
func (d *Device) answered(p *process, m device.Message) (*worker.Result, error) {
	switch m := m.(type) {
	case *device.Proved:
		if m.ID == d.nextID {
			d.failures = 0
			p.reported += m.Usage.CPU
			return &worker.Result{ProofFile: m.File, Usage: m.Usage}, nil
		}
	case *device.Failed:
		if m.ID == d.nextID || m.ID == 0 {
			d.failures = 0
			p.reported += m.Usage.CPU
			return nil, failure(m)
		}
	}
	return nil, d.confused(p, m)
}

// confused ends a process that answers what it was not asked.
func (d *Device) confused(p *process, m device.Message) *device.Error {
	p.end()
	d.lose(p)
	return d.crashed(p, fmt.Errorf("%w: %T was not asked for", device.ErrFrame, m))
}

func failure(m *device.Failed) error {
	return &device.Error{Outcome: m.Outcome, Code: fault.Code(m.Code), Reason: m.Reason, Usage: m.Usage}
}

// Close ends the device's process, and with it the task that runs if there is one.
func (d *Device) Close() error {
	d.cancel()
	<-d.turn
	defer d.release()
	d.closed = true
	d.retire()
	return nil
}

var _ worker.Device = (*Device)(nil)
