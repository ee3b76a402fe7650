package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"connectrpc.com/connect"

	"rpp-node/cluster/api"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/health"
	"rpp-node/cluster/node"
)

// validatorCmd is what a validator does with a cluster.
type validatorCmd struct {
	Proofs proofsCmd `cmd:"" help:"Submit, watch and fetch proofs."`
	Health healthCmd `cmd:"" help:"Say how a node, or the cluster, is: exit 0 healthy, 20 degraded, 21 unhealthy."`
}

// healthTimeout is when a node that does not answer is unhealthy.
const healthTimeout = 5 * time.Second

// healthCmd is made for probes.
type healthCmd struct {
	HTTP string   `help:"Local status port of a node, to ask for that node's health." placeholder:"HOST:PORT" default:"127.0.0.1:7402" env:"RPP_HTTP"`
	As   string   `help:"Ask for the whole cluster's health instead, as this identity." env:"RPP_IDENTITY" placeholder:"DIR"`
	API  []string `name:"api" help:"With --as: nodes to call." env:"RPP_API" placeholder:"HOST:PORT,..."`
	JSON bool     `help:"Print the answer as JSON."`
}

func (c *healthCmd) Help() string {
	return "Who does not answer within five seconds is unhealthy.\n\n" +
		"Examples:\n" +
		"  rpp-node validator health --http 127.0.0.1:7402\n" +
		"  rpp-node validator health --as me --json"
}

func (c *healthCmd) Run(e *env) error {
	ctx, stop := interruptible()
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	ask := c.askNode
	if c.As != "" {
		ask = c.askCluster
	}
	h, err := ask(ctx)
	var usage usageError
	switch {
	case errors.As(err, &usage):
		return err
	case err != nil:
		h = health.Health{Level: health.Unhealthy, Reasons: []string{explain(err)}}
	}
	if c.JSON {
		err = writeJSON(e.out, &h)
	} else {
		err = printHealth(e.out, h)
	}
	if code := h.Level.ExitCode(); err == nil && code != exitOK {
		return exitStatus(code)
	}
	return err
}

// askNode reads a node's own judgement from its status pages.
func (c *healthCmd) askNode(ctx context.Context) (h health.Health, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.HTTP+"/health", nil)
	if err != nil {
		return h, usageError{fmt.Errorf("--http: %w", err)}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return h, err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&h); err != nil {
		return h, fmt.Errorf("%s answers what is no health (HTTP %d): %w", c.HTTP, resp.StatusCode, err)
	}
	return h, nil
}

// askCluster asks a node about the whole cluster.
func (c *healthCmd) askCluster(ctx context.Context) (h health.Health, err error) {
	f := callFlags{As: c.As, API: c.API}
	to, err := f.open()
	if err != nil {
		return h, usageError{err}
	}
	defer to.Close()
	s, err := status(ctx, to)
	if err != nil {
		return h, err
	}
	h.Reasons = append([]string{}, s.Reasons...)
	return h, h.Level.UnmarshalText([]byte(s.Health))
}

func status(ctx context.Context, c *node.Caller) (*rppv1.StatusResponse, error) {
	resp, err := c.Cluster.Status(ctx, connect.NewRequest(&rppv1.StatusRequest{}))
	if err != nil {
		return nil, api.FromError(err)
	}
	return resp.Msg, nil
}

func printHealth(w io.Writer, h health.Health) error {
	_, err := fmt.Fprintln(w, h.Level)
	for _, r := range h.Reasons {
		if err == nil {
			_, err = fmt.Fprintf(w, "  %s\n", r)
		}
	}
	return err
}
