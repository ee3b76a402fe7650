package api

import (
	"context"

	"connectrpc.com/connect"

	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
)

// jobs serves JobService.
type jobs struct{ s *Server }

func (j jobs) Submit(ctx context.Context, req *connect.Request[rppv1.SubmitRequest]) (*connect.Response[rppv1.SubmitResponse], error) {
	return answer(ctx, j.s, req, func(r *rppv1.SubmitRequest) error {
		return first(j.s.checkSubmit(r), ownTenant(ctx, &r.Tenant, true))
	}, j.s.Jobs.Submit)
}

func (j jobs) Get(ctx context.Context, req *connect.Request[rppv1.GetRequest]) (*connect.Response[rppv1.GetResponse], error) {
	return answer(ctx, j.s, req, func(r *rppv1.GetRequest) error {
		if err := checkGet(r); err != nil {
			return err
		}
		return j.find(ctx, r.Id, &r.Tenant)
	}, j.s.Jobs.Get)
}

func (j jobs) Cancel(ctx context.Context, req *connect.Request[rppv1.CancelRequest]) (*connect.Response[rppv1.CancelResponse], error) {
	return answer(ctx, j.s, req, func(r *rppv1.CancelRequest) error {
		if err := checkCancel(r); err != nil {
			return err
		}
		return j.find(ctx, r.Id, &r.Tenant)
	}, j.s.Jobs.Cancel)
}

// find decides about a job that is named by its identifier, or by a key of a tenant.
func (j jobs) find(ctx context.Context, id []byte, tenant *string) error {
	if err := ownTenant(ctx, tenant, len(id) == 0); err != nil || len(id) == 0 {
		return err
	}
	return j.s.visible(ctx, id)
}

func (j jobs) Watch(ctx context.Context, req *connect.Request[rppv1.WatchRequest], out *connect.ServerStream[rppv1.WatchResponse]) error {
	if err := checkWatch(req.Msg); err != nil {
		return j.s.toWire(ctx, err)
	}
	if err := j.s.visible(ctx, req.Msg.Id); err != nil {
		return j.s.toWire(ctx, err)
	}
	return j.s.ended(ctx, j.s.Jobs.Watch(ctx, CallerOf(ctx), req.Msg, out.Send))
}

func (j jobs) List(ctx context.Context, req *connect.Request[rppv1.ListRequest]) (*connect.Response[rppv1.ListResponse], error) {
	return answer(ctx, j.s, req, func(r *rppv1.ListRequest) error {
		if r.Limit == 0 {
			r.Limit = listCountDefault
		}
		return first(j.s.checkList(r), ownTenant(ctx, &r.Tenant, false))
	}, j.s.Jobs.List)
}

func (j jobs) FetchProof(ctx context.Context, req *connect.Request[rppv1.FetchProofRequest]) (*connect.Response[rppv1.FetchProofResponse], error) {
	return answer(ctx, j.s, req, func(r *rppv1.FetchProofRequest) error {
		if err := checkFetchProof(r); err != nil {
			return err
		}
		return j.s.visible(ctx, r.Id)
	}, j.s.Jobs.FetchProof)
}

func (j jobs) Verify(ctx context.Context, req *connect.Request[rppv1.VerifyRequest]) (*connect.Response[rppv1.VerifyResponse], error) {
	return answer(ctx, j.s, req, checkVerify, j.s.Jobs.Verify)
}
