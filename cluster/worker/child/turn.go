package child

import (
	"context"
	"time"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/worker/device"
)

// acquire waits for the turn to use the device.
func (d *Device) acquire(ctx context.Context) error {
	select {
	case <-d.turn:
	case <-ctx.Done():
		return ctx.Err()
	case <-d.ctx.Done():
		return ErrClosed
	}
	if d.closed {
		d.release()
		return ErrClosed
	}
	return nil
}

func (d *Device) release() { d.turn <- struct{}{} }

// process is the running process, or a new one after the pause that is due.
func (d *Device) process(ctx context.Context) (*process, error) {
	if p := d.current; p != nil {
		select {
		case <-p.done: // it ended while nobody used it
			p.reap()
			d.lose(p)
			d.failed()
		default:
			return p, nil
		}
	}
	pause := time.NewTimer(d.notUntil.Sub(d.o.Now()))
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-d.ctx.Done():
		return nil, ErrClosed
	}
	p, err := d.start(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		d.failed()
		return nil, &device.Error{Outcome: device.Unavailable, Code: fault.CodeAttempts, Reason: err.Error()}
	}
	d.own(p)
	return p, nil
}

func (d *Device) own(p *process) {
	d.current = p
	d.pid.Store(int64(p.cmd.Process.Pid))
}

// lose forgets a process that has ended, or is ending.
func (d *Device) lose(p *process) {
	if d.current == p {
		d.current = nil
		d.pid.Store(0)
	}
}

// failed notes that a process ended by itself.
func (d *Device) failed() {
	d.notUntil = d.o.Now().Add(pause(d.failures))
	d.failures++
}

// pause is how long to wait after that many failures before the last.
func pause(failures int) time.Duration {
	return min(pauseMin<<min(failures, 16), pauseMax)
}

// retire lets the current process go.
func (d *Device) retire() {
	if p := d.current; p != nil {
		p.close()
		d.lose(p)
	}
}
