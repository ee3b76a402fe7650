package api

import (
	"context"

	"rpp-node/cluster/identity"
)

// Caller is who asks, as this node has verified it.
type Caller struct {
	identity.Identity

	// Forwarded says that a voter passed the call on; Via is that voter.
	Forwarded bool
	Via       identity.NodeID

	// Origin is the address that the call came from first, for the audit only: behind a
	// voter it is that voter's word.
	Origin string
}

type callKey struct{}

// call is what the edge found out about a request. Its own goroutine writes it.
type call struct {
	caller Caller
	route  *route
	ended  string // how, if by an error
}

// CallerOf finds the caller of the request that a handler serves.
func CallerOf(ctx context.Context) Caller { return callOf(ctx).caller }

func callOf(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return &call{route: &route{}} // not through the edge: nobody, and nothing
}

// seesAll says whether the caller's right to the action reaches beyond its own tenant.
func (c Caller) seesAll(action identity.Action) bool {
	return identity.ScopeOf(c.Role, action) == identity.All
}
