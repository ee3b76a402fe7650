package child

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"syscall"
	"time"

	"rpp-node/cluster/worker/device"
)

// process is one process of a device. One task at a time uses it.
type process struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *os.File
	words *words
	ready device.Ready
	held  []device.HeldKey
	// reported is the processor time that its answers told of.
	reported time.Duration
	starved  uint64 // kills of the system for memory, when it started
	group    *cgroup

	done  chan struct{} // closed when it has ended
	state *os.ProcessState
}

// start starts a process and waits until it is ready.
func (d *Device) start(ctx context.Context) (*process, error) {
	p := &process{words: &words{log: d.o.Log}, done: make(chan struct{}), starved: kills()}
	p.cmd = exec.Command(d.o.Command[0], d.o.Command[1:]...)
	p.cmd.Env = append(slices.Clone(d.o.Env), "GOTRACEBACK=single")
	if d.o.Threads > 0 {
		p.cmd.Env = append(p.cmd.Env, "GOMAXPROCS="+strconv.Itoa(d.o.Threads))
	}
	p.cmd.Stderr = p.words
	p.cmd.WaitDelay = closeTimeout
	p.cmd.SysProcAttr = attributes()
	itsIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, itsOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, itsIn.Close(), in.Close())
	}
	widen(out)
	p.in, p.out = in, out
	p.cmd.Stdin, p.cmd.Stdout = itsIn, itsOut
	err = p.cmd.Start()
	itsIn.Close()
	itsOut.Close()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("child: starting %s: %w", d.o.Command[0], err), p.in.Close(), p.out.Close())
	}
	go func() {
		p.cmd.Wait() // the state tells more than its error
		p.state = p.cmd.ProcessState
		close(p.done)
	}()
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := p.settle(ctx, d.o); err != nil {
		p.end()
		words := p.words.last()
		return nil, fmt.Errorf("child: %s did not become ready: %w: %s", d.o.Command[0], err, words)
	}
	return p, nil
}

// settle bounds the process before it does any work, and greets it.
func (p *process) settle(ctx context.Context, o Options) error {
	stop := context.AfterFunc(ctx, p.kill)
	defer stop()
	var err error
	if p.group, err = limit(p.cmd.Process.Pid, o); err != nil {
		return err
	}
	if err := device.ReadMagic(p.out); err != nil {
		return err
	}
	m, err := device.Read(p.out)
	if err != nil {
		return err
	}
	ready, ok := m.(*device.Ready)
	if !ok {
		return fmt.Errorf("%w: %T before it was ready", device.ErrFrame, m)
	}
	p.ready = *ready
	// All threads of the runtime are there by now; later ones inherit.
	if err := yield(p.cmd.Process.Pid, o); err != nil {
		return err
	}
	return device.WriteMagic(p.in)
}

// kill ends the process and whatever it has started. It may be called at any time.
func (p *process) kill() {
	select {
	case <-p.done:
	default:
		// Not reaped yet, so the number is still its own.
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		_ = p.cmd.Process.Kill()
	}
}

// end kills the process, waits for its end and gives back what it had.
func (p *process) end() {
	p.kill()
	p.reap()
}

// reap waits for the end and gives back what the process had.
func (p *process) reap() {
	<-p.done
	p.in.Close()
	p.out.Close()
	p.group.remove()
}

// close lets an idle process end by itself.
func (p *process) close() {
	p.in.Close()
	late := time.AfterFunc(closeTimeout, p.kill)
	defer late.Stop()
	p.reap()
}

// ended says how the process ended; it has.
func (p *process) ended() ending {
	status, _ := p.state.Sys().(syscall.WaitStatus)
	e := ending{exit: p.state.ExitCode(), words: p.words.last(), starved: kills() > p.starved || p.group.starved()}
	if status.Signaled() {
		e.signal = status.Signal()
	}
	return e
}

// usage is what the process took beyond what its answers told; it has ended.
func (p *process) usage() device.Usage {
	u := device.Usage{CPU: max(p.state.UserTime()+p.state.SystemTime()-p.reported, 0)}
	if r, ok := p.state.SysUsage().(*syscall.Rusage); ok {
		u.PeakBytes = uint64(r.Maxrss) << 10
	}
	return u
}
