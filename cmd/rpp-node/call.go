package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"rpp-node/cluster/config"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/node"
	"rpp-node/cluster/transport"
)

// patientTimeout bounds the calls that wait for other nodes.
const patientTimeout = 10 * time.Minute

// callFlags say as whom a command calls a cluster, and where.
type callFlags struct {
	As   string   `help:"Directory with the identity to call as, made by 'rpp-node join'. Without it DATA/operator, the operator that 'rpp-node init' made." env:"RPP_IDENTITY" placeholder:"DIR"`
	API  []string `name:"api" help:"Nodes to call; one is enough. Without it those that the identity's directory names." env:"RPP_API" placeholder:"HOST:PORT,..."`
	Data string   `help:"Data directory of a node on this machine (rpp-node if nothing names one)." env:"RPP_DATA" placeholder:"DIR"`
	JSON bool     `help:"Print the answer as JSON."`

	Timeout time.Duration `help:"How long to go on trying while nobody answers or leads." default:"30s"`
}

// dir is the directory of the identity.
func (f *callFlags) dir() string {
	if f.As != "" {
		return f.As
	}
	return node.OperatorDir(f.data())
}

func (f *callFlags) data() string {
	if f.Data != "" {
		return f.Data
	}
	return config.Default().Node.Data
}

// open makes the access. The caller closes it.
func (f *callFlags) open() (*node.Caller, error) { return f.access(false) }

// access is open; a patient caller waits when the cluster has too much to do.
func (f *callFlags) access(patient bool) (*node.Caller, error) {
	c, err := node.Call(node.Calling{
		Dir: f.dir(), Addresses: f.addresses(), Patient: patient, Disk: identity.OS, Now: time.Now, Rand: rand.Reader, Dial: transport.TCP,
	})
	switch {
	case errors.Is(err, node.ErrNotMember) && f.As != "":
		return nil, fmt.Errorf("--as: %s: %w", f.As, identity.ErrNotJoined)
	case errors.Is(err, node.ErrNotMember):
		return nil, usageError{fmt.Errorf("no identity in %s: name one with --as or RPP_IDENTITY, or the data directory of a cluster's first voter with --data", f.dir())}
	}
	return c, err
}

// addresses are those to call: the ones asked for, or what the node whose operator calls
// knows of the voters; nil leaves it to the identity's directory.
func (f *callFlags) addresses() []string {
	if len(f.API) > 0 || f.As != "" {
		return f.API
	}
	own, err := node.ReadMembership(identity.OS, node.OperatorDir(f.data()))
	if err != nil {
		return nil
	}
	if m, err := node.ReadMembership(identity.OS, f.data()); err == nil {
		return append(own.Voters, m.Voters...)
	}
	return nil
}

// calling runs what a command does with its access, until it is interrupted or its time is
// over.
func (f *callFlags) calling(do func(context.Context, *node.Caller) error) error {
	return f.waiting(func(ctx context.Context, to *node.Caller) error {
		ctx, cancel := context.WithTimeout(ctx, f.Timeout)
		defer cancel()
		return do(ctx, to)
	})
}

// patiently is calling for what waits for other nodes.
func (f *callFlags) patiently(do func(context.Context, *node.Caller) error) error {
	f.Timeout = max(f.Timeout, patientTimeout)
	return f.calling(do)
}

// waiting is calling without an end.
func (f *callFlags) waiting(do func(context.Context, *node.Caller) error) error {
	c, err := f.open()
	if err != nil {
		return err
	}
	defer c.Close()
	ctx, stop := interruptible()
	defer stop()
	err = do(ctx, c)
	if err == nil && !c.Identity.Role.Node() && time.Until(c.Identity.NotAfter) < renewBefore {
		// What was asked for is done; if this fails, the next call tries again.
		_, _ = renew(ctx, c, f.dir())
	}
	return answered(ctx, err)
}

// answered prefers an interruption to the error that it made.
func answered(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
