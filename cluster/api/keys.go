package api

import (
	"context"

	"connectrpc.com/connect"

	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
)

// keys serves KeyService.
type keys struct{ s *Server }

func (k keys) Preload(ctx context.Context, req *connect.Request[rppv1.PreloadRequest]) (*connect.Response[rppv1.PreloadResponse], error) {
	return answer(ctx, k.s, req, k.s.checkPreload, k.s.Keys.Preload)
}

func (k keys) Coverage(ctx context.Context, req *connect.Request[rppv1.CoverageRequest]) (*connect.Response[rppv1.CoverageResponse], error) {
	return answer(ctx, k.s, req, anything[rppv1.CoverageRequest], k.s.Keys.Coverage)
}

func (k keys) Rotate(ctx context.Context, req *connect.Request[rppv1.RotateRequest]) (*connect.Response[rppv1.RotateResponse], error) {
	return answer(ctx, k.s, req, k.s.checkRotate, k.s.Keys.Rotate)
}
