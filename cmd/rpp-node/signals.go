package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"rpp-node/cluster/node"
)

// interruptible is a context that ends with the first SIGINT or SIGTERM.
func interruptible() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
}

// signals are what a running node is told by its operator or its machine.
type signals struct {
	end, reclaim chan os.Signal
}

var reclaimSignals = map[string]os.Signal{"USR1": syscall.SIGUSR1, "USR2": syscall.SIGUSR2, "HUP": syscall.SIGHUP}

func listenForSignals(reclaim string) *signals {
	s := &signals{end: make(chan os.Signal, 2), reclaim: make(chan os.Signal, 1)}
	signal.Notify(s.end, syscall.SIGINT, syscall.SIGTERM)
	signal.Notify(s.reclaim, reclaimSignals[reclaim])
	return s
}

func (s *signals) stop() {
	signal.Stop(s.end)
	signal.Stop(s.reclaim)
}

// await waits until the node is to end: nil when it was told to and has drained, its fault
// if it cannot go on.
func (s *signals) await(e *env, n *node.Node, f *runFlags) error {
	select {
	case <-n.Faulted():
		return fmt.Errorf("the node cannot go on: %w", n.Fault())
	case <-s.end:
		fmt.Fprintf(e.err, "%s: draining; again to end at once\n", n.Name())
	case <-s.reclaim:
		fmt.Fprintf(e.err, "%s: the machine goes in %s: handing back what will not be proved by then\n", n.Name(), f.Notice)
		n.Reclaim(time.Now().Add(f.Notice))
	}
	// From here on the node may hang: on a device, on the disk, in its farewell to others.
	go func() {
		<-s.end
		fmt.Fprintf(e.err, "%s: ends at once\n", n.Name())
		os.Exit(exitRuntime)
	}()
	ctx, cancel := context.WithTimeout(context.Background(), f.Drain)
	defer cancel()
	if n.Drain(ctx) != nil {
		fmt.Fprintf(e.err, "%s: devices have not finished within %s; others do their work again\n", n.Name(), f.Drain)
	}
	return nil
}
