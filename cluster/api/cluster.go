package api

import (
	"context"
	"errors"
	"io"

	"connectrpc.com/connect"

	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
)

// cluster serves ClusterService.
type cluster struct{ s *Server }

func (c cluster) Status(ctx context.Context, req *connect.Request[rppv1.StatusRequest]) (*connect.Response[rppv1.StatusResponse], error) {
	return answer(ctx, c.s, req, anything[rppv1.StatusRequest], func(ctx context.Context, caller Caller, r *rppv1.StatusRequest) (*rppv1.StatusResponse, error) {
		res, err := c.s.Cluster.Status(ctx, caller, r)
		if err != nil {
			return nil, err
		}
		return res, c.s.cutStatus(ctx, res)
	})
}

func (c cluster) Members(ctx context.Context, req *connect.Request[rppv1.MembersRequest]) (*connect.Response[rppv1.MembersResponse], error) {
	return answer(ctx, c.s, req, anything[rppv1.MembersRequest], func(ctx context.Context, caller Caller, r *rppv1.MembersRequest) (*rppv1.MembersResponse, error) {
		res, err := c.s.Cluster.Members(ctx, caller, r)
		if err != nil {
			return nil, err
		}
		return res, c.s.cutMembers(ctx, res.Members)
	})
}

// ListQuarantine shows a tenant its own entries.
func (c cluster) ListQuarantine(ctx context.Context, req *connect.Request[rppv1.ListQuarantineRequest]) (*connect.Response[rppv1.ListQuarantineResponse], error) {
	return answer(ctx, c.s, req, anything[rppv1.ListQuarantineRequest], func(ctx context.Context, caller Caller, r *rppv1.ListQuarantineRequest) (*rppv1.ListQuarantineResponse, error) {
		res, err := c.s.Cluster.ListQuarantine(ctx, caller, r)
		if err != nil {
			return nil, err
		}
		var kept []*rppv1.QuarantineEntry
		for _, e := range res.Entries {
			if c.s.mayShow(caller, callOf(ctx).route.action, []string{e.Tenant}) {
				kept = append(kept, e)
			}
		}
		res.Entries = kept
		return res, nil
	})
}

func (c cluster) Backup(ctx context.Context, req *connect.Request[rppv1.BackupRequest], out *connect.ServerStream[rppv1.BackupResponse]) error {
	return c.s.ended(ctx, c.s.Cluster.Backup(ctx, CallerOf(ctx), req.Msg, out.Send))
}

func (c cluster) Restore(ctx context.Context, in *connect.ClientStream[rppv1.RestoreRequest]) (*connect.Response[rppv1.RestoreResponse], error) {
	var checks restore
	res, err := c.s.Cluster.Restore(ctx, CallerOf(ctx), func() (*rppv1.RestoreRequest, error) {
		if in.Receive() {
			if err := checks.check(in.Msg()); err != nil {
				return nil, err
			}
			return in.Msg(), nil
		}
		if err := in.Err(); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		return nil, checks.end()
	})
	if err != nil {
		return nil, c.s.toWire(ctx, err)
	}
	return connect.NewResponse(res), nil
}

func (c cluster) CreateToken(ctx context.Context, req *connect.Request[rppv1.CreateTokenRequest]) (*connect.Response[rppv1.CreateTokenResponse], error) {
	return answer(ctx, c.s, req, checkCreateToken, c.s.Cluster.CreateToken)
}

func (c cluster) ListTokens(ctx context.Context, req *connect.Request[rppv1.ListTokensRequest]) (*connect.Response[rppv1.ListTokensResponse], error) {
	return answer(ctx, c.s, req, anything[rppv1.ListTokensRequest], c.s.Cluster.ListTokens)
}

func (c cluster) RevokeToken(ctx context.Context, req *connect.Request[rppv1.RevokeTokenRequest]) (*connect.Response[rppv1.RevokeTokenResponse], error) {
	return answer(ctx, c.s, req, checkRevokeToken, c.s.Cluster.RevokeToken)
}

func (c cluster) Drain(ctx context.Context, req *connect.Request[rppv1.DrainRequest]) (*connect.Response[rppv1.DrainResponse], error) {
	return answer(ctx, c.s, req, checkDrain, c.s.Cluster.Drain)
}

func (c cluster) Remove(ctx context.Context, req *connect.Request[rppv1.RemoveRequest]) (*connect.Response[rppv1.RemoveResponse], error) {
	return answer(ctx, c.s, req, checkRemove, c.s.Cluster.Remove)
}

func (c cluster) TransferLeadership(ctx context.Context, req *connect.Request[rppv1.TransferLeadershipRequest]) (*connect.Response[rppv1.TransferLeadershipResponse], error) {
	return answer(ctx, c.s, req, checkTransfer, c.s.Cluster.TransferLeadership)
}

func (c cluster) Snapshot(ctx context.Context, req *connect.Request[rppv1.SnapshotRequest]) (*connect.Response[rppv1.SnapshotResponse], error) {
	return answer(ctx, c.s, req, anything[rppv1.SnapshotRequest], c.s.Cluster.Snapshot)
}

func (c cluster) RotateGossipKey(ctx context.Context, req *connect.Request[rppv1.RotateGossipKeyRequest]) (*connect.Response[rppv1.RotateGossipKeyResponse], error) {
	return answer(ctx, c.s, req, anything[rppv1.RotateGossipKeyRequest], c.s.Cluster.RotateGossipKey)
}

func (c cluster) LiftQuarantine(ctx context.Context, req *connect.Request[rppv1.LiftQuarantineRequest]) (*connect.Response[rppv1.LiftQuarantineResponse], error) {
	return answer(ctx, c.s, req, checkLift, c.s.Cluster.LiftQuarantine)
}
