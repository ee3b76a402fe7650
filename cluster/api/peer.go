package api

import (
	"context"
	"errors"
	"io"

	"connectrpc.com/connect"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
)

// join serves JoinService.
type join struct{ s *Server }

func (j join) Join(ctx context.Context, req *connect.Request[internalv1.JoinRequest]) (*connect.Response[internalv1.JoinResponse], error) {
	return answer(ctx, j.s, req, checkJoin, j.s.Joiner.Join)
}

// peers serves PeerService.
type peers struct{ s *Server }

func (p peers) Renew(ctx context.Context, req *connect.Request[internalv1.RenewRequest]) (*connect.Response[internalv1.RenewResponse], error) {
	return answer(ctx, p.s, req, checkRenew, p.s.Peer.Renew)
}

func (p peers) StoreWitness(ctx context.Context, req *connect.Request[internalv1.StoreWitnessRequest]) (*connect.Response[internalv1.StoreWitnessResponse], error) {
	return answer(ctx, p.s, req, checkStoreWitness, p.s.Peer.StoreWitness)
}

func (p peers) Receipt(ctx context.Context, req *connect.Request[internalv1.ReceiptRequest]) (*connect.Response[internalv1.ReceiptResponse], error) {
	return answer(ctx, p.s, req, checkReceipt, p.s.Peer.Receipt)
}

func (p peers) Chunk(ctx context.Context, req *connect.Request[internalv1.ChunkRequest]) (*connect.Response[internalv1.ChunkResponse], error) {
	return answer(ctx, p.s, req, checkChunk, p.s.Peer.Chunk)
}

func (p peers) GossipKey(ctx context.Context, req *connect.Request[internalv1.GossipKeyRequest]) (*connect.Response[internalv1.GossipKeyResponse], error) {
	return answer(ctx, p.s, req, checkGossipKey, p.s.Peer.GossipKey)
}

func (p peers) Report(ctx context.Context, req *connect.Request[internalv1.ReportRequest]) (*connect.Response[internalv1.ReportResponse], error) {
	return answer(ctx, p.s, req, checkReport, p.s.Peer.Report)
}

// workers serves WorkerService.
type workers struct{ s *Server }

func (w workers) Session(ctx context.Context, stream *connect.BidiStream[internalv1.WorkerMessage, internalv1.LeaderMessage]) error {
	return w.s.ended(ctx, w.s.Workers.Session(ctx, CallerOf(ctx), &checkedStream{stream: stream}))
}

// checkedStream is a WorkerStream over connect's.
type checkedStream struct {
	stream *connect.BidiStream[internalv1.WorkerMessage, internalv1.LeaderMessage]
	checks session // of the goroutine that receives
}

func (c *checkedStream) Receive() (*internalv1.WorkerMessage, error) {
	m, err := c.stream.Receive()
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	if err == nil {
		err = c.checks.check(m)
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

func (c *checkedStream) Send(m *internalv1.LeaderMessage) error { return c.stream.Send(m) }
