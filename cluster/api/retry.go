package api

import (
	"context"
	"errors"
	"time"

	"connectrpc.com/connect"

	"rpp-node/cluster/fault"
)

// retrying makes calls again, as Client promises.
type retrying struct{ c *Client }

func (t retrying) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		if req.Spec().IsClient {
			return t.c.call(ctx, req, next)
		}
		return next(ctx, req)
	}
}

func (t retrying) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return func(ctx context.Context, spec connect.Spec) connect.StreamingClientConn {
		return translated{next(ctx, spec)}
	}
}

func (retrying) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return next
}

func (c *Client) call(ctx context.Context, req connect.AnyRequest, next connect.UnaryFunc) (connect.AnyResponse, error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, retrySpan)
		defer cancel()
	}
	rt := routes[req.Spec().Procedure]
	pause := retryFirst
	for {
		address := c.Address()
		res, err := next(withAddress(ctx, address), req)
		if err == nil {
			return res, nil
		}
		e := FromError(err)
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			c.Avoid(address, "") // it may stand still: the next call asks another
		}
		if ctx.Err() != nil || !c.again(rt, e, err) {
			return nil, e
		}
		advised := LeaderIn(err)
		if e.Kind == fault.Unavailable {
			c.Avoid(address, advised)
		}
		if !c.sleep(ctx, max(e.RetryAfter, pause)) {
			return nil, e
		}
		pause = min(2*pause, retryMax)
	}
}

// again says whether a failed call may be made again, and whether that may help.
func (c *Client) again(rt *route, e *fault.Error, err error) bool {
	if c.once {
		return false
	}
	switch e.Code {
	case fault.CodeNoLeader, fault.CodeStarting: // nothing was done
		return true
	case fault.CodeNoQuorum:
		return rt.repeatable
	case fault.CodeUnreachable:
		return rt.repeatable || neverSent(err)
	case fault.CodeQueueFull, fault.CodeOverload, fault.CodeTenantQuota:
		return c.patient
	}
	return false
}

// sleep waits at least d, a little more at random, so that many clients do not come back
// at once. It reports false if the context would end first.
func (c *Client) sleep(ctx context.Context, d time.Duration) bool {
	c.mu.Lock()
	d += time.Duration(c.rand.Int63n(int64(d)/2 + 1))
	c.mu.Unlock()
	if end, ok := ctx.Deadline(); ok && time.Until(end) < d {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
