package device

import (
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"rpp-node/prover/device"
	"rpp-node/prover/memory"
	"rpp-node/prover/proving"
	"rpp-node/prover/shard"
	"rpp-node/prover/spec"
	"rpp-node/prover/stark"
)

// Options say how a device works.
type Options struct {
	Threads     int
	MemoryLimit int64 // bytes of the process; 0 for none
	Now         func() time.Time
	// Started, if set, is told of each task before it is proved. Tests make a device fail
	// there.
	Started func(witness []byte)
}

// idleAfter is how long a device waits for another task before it gives its buffers back:
// fresh pages cost as much as a small proof, and one task often follows another.
const idleAfter = 200 * time.Millisecond

// stageEvery is the least time between two stages that are told: each wakes the worker,
// which costs a small proof more than it is worth. The answer lists them all.
const stageEvery = 20 * time.Millisecond

// Serve speaks for a device until the input ends, which is no error.
func Serve(in io.Reader, out io.Writer, o Options) error {
	s := &server{o: o, out: out, cpu: device.NewCPU(o.Threads)}
	if err := WriteMagic(out); err != nil {
		return err
	}
	if err := Write(out, &Ready{Threads: uint32(s.cpu.Workers()), Kernels: s.cpu.Name()}); err != nil {
		return err
	}
	if err := ReadMagic(in); err != nil {
		return fmt.Errorf("device: %w", err)
	}
	frames := make(chan received)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		for {
			m, err := Read(in)
			select {
			case frames <- received{m, err}:
			case <-stop:
			}
			if err != nil {
				return
			}
		}
	}()
	idle := time.NewTimer(idleAfter)
	for {
		select {
		case f := <-frames:
			if errors.Is(f.err, io.EOF) && !errors.Is(f.err, ErrFrame) {
				return nil
			}
			if f.err != nil {
				return f.err
			}
			if err := s.handle(f.m); err != nil {
				return err
			}
			idle.Reset(idleAfter)
		case <-idle.C:
			memory.Trim()
			debug.FreeOSMemory()
		}
	}
}

type received struct {
	m   Message
	err error
}

type server struct {
	o    Options
	out  io.Writer
	cpu  *device.CPU
	keys []loadedKey // most recently used last
}

// handle does what a message asks. Its errors are those of the pipes: they end the device.
func (s *server) handle(m Message) error {
	switch m := m.(type) {
	case *Load:
		return s.load(m)
	case *Task:
		return s.prove(m)
	case *Calibrate:
		return s.calibrate(m)
	}
	return fmt.Errorf("%w: kind %d: not for a device", ErrFrame, m.kind())
}

func (s *server) prove(t *Task) error {
	meter := newMeter(s.o.Now)
	var told time.Time
	made, err := s.attempt(t, func(stage stark.Stage) {
		meter.begin(stage)
		if stage == stark.StageDone || meter.since.Sub(told) < stageEvery {
			return
		}
		told = meter.since
		// A pipe that is broken shows when the answer is written.
		_ = Write(s.out, &Stage{t.ID, string(stage)})
	})
	clear(t.Witness)
	usage := meter.end()
	if err != nil {
		return Write(s.out, failure(t.ID, usage, err))
	}
	usage.Cells = made.Cells
	return Write(s.out, &Proved{ID: t.ID, Usage: usage, File: made.File.Encode()})
}

func (s *server) attempt(t *Task, begin func(stark.Stage)) (*proving.Made, error) {
	sp, err := spec.Decode(t.Spec)
	if err != nil {
		return nil, err
	}
	k, err := s.key(sp)
	if err != nil {
		return nil, err
	}
	if s.o.Started != nil {
		s.o.Started(t.Witness)
	}
	return proving.Make(k, sp, t.Witness, s.options(begin))
}

func (s *server) options(begin func(stark.Stage)) proving.Options {
	return proving.Options{Device: s.cpu, Plan: shard.DefaultPlan(), MemoryLimit: s.o.MemoryLimit, Begin: begin}
}
