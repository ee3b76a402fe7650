package api

import (
	"context"

	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
)

// ownTenant fills in the caller's tenant where a request names none, and refuses one that
// the caller has no right to. Whoever has none of its own must name one, if needed.
func ownTenant(ctx context.Context, tenant *string, needed bool) error {
	c := callOf(ctx)
	if *tenant == "" {
		*tenant = c.caller.Tenant
	}
	if *tenant == "" && needed {
		return badField("tenant", "a caller without a tenant of its own must name one")
	}
	return identity.Allow(c.caller.Identity, c.route.action, *tenant)
}

// visible refuses a job that the caller has nothing to do with in the very words that an
// unknown one is refused with.
func (s *Server) visible(ctx context.Context, job []byte) error {
	c := callOf(ctx)
	tenants, known, err := s.Jobs.Tenants(ctx, [digestBytes]byte(job))
	if err != nil {
		return err
	}
	if known && s.mayShow(c.caller, c.route.action, tenants) {
		return nil
	}
	return fault.New(fault.CodeNoJob, "no job %x", job)
}

func (s *Server) mayShow(c Caller, action identity.Action, tenants []string) bool {
	if c.seesAll(action) {
		return true
	}
	for _, t := range tenants {
		if identity.Allow(c.Identity, action, t) == nil {
			return true
		}
	}
	return false
}

// cutStatus leaves of an answer what the caller may see: its own jobs.
func (s *Server) cutStatus(ctx context.Context, status *rppv1.StatusResponse) error {
	if c := callOf(ctx); c.caller.seesAll(c.route.action) {
		return nil
	}
	var kept []*rppv1.Decision
	for _, d := range status.Decisions {
		own, err := s.ownJob(ctx, d.Job)
		if err != nil {
			return err
		}
		if own {
			kept = append(kept, d)
		}
	}
	status.Decisions = kept
	return s.cutMembers(ctx, status.Members)
}

func (s *Server) cutMembers(ctx context.Context, members []*rppv1.Member) error {
	if c := callOf(ctx); c.caller.seesAll(c.route.action) {
		return nil
	}
	for _, m := range members {
		for _, d := range m.Devices {
			own, err := s.ownJob(ctx, d.Running)
			if err != nil {
				return err
			}
			if !own {
				d.Running = nil
			}
		}
	}
	return nil
}

func (s *Server) ownJob(ctx context.Context, job []byte) (bool, error) {
	if len(job) != digestBytes {
		return false, nil
	}
	c := callOf(ctx)
	tenants, known, err := s.Jobs.Tenants(ctx, [digestBytes]byte(job))
	return known && s.mayShow(c.caller, c.route.action, tenants), err
}
