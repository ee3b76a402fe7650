package api

import (
	"context"

	"connectrpc.com/connect"
)

// answer is what every call of one request and one answer has in common: check, act, and
// an error that the caller can read.
func answer[Req, Res any](
	ctx context.Context, s *Server, req *connect.Request[Req],
	check func(*Req) error, act func(context.Context, Caller, *Req) (*Res, error),
) (*connect.Response[Res], error) {
	if err := check(req.Msg); err != nil {
		return nil, s.toWire(ctx, err)
	}
	res, err := act(ctx, CallerOf(ctx), req.Msg)
	if err != nil {
		return nil, s.toWire(ctx, err)
	}
	return connect.NewResponse(res), nil
}

// ended is the error of a stream, nil if it ended well.
func (s *Server) ended(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	return s.toWire(ctx, err)
}
