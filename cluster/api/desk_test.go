package api

import (
	"context"
	"errors"
	"io"
	"sync"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
)

// desk is a backend that does little and remembers who asked for what.
type desk struct {
	mu      sync.Mutex
	fail    error                 // what every call ends with, if set
	tenants map[[32]byte][]string // of the jobs that exist
	calls   int
	caller  Caller
	request any
	watch   chan *rppv1.WatchResponse // nil: one message, then the end
	watched sync.WaitGroup            // watches that go on
	gate    chan struct{}             // if set, calls wait for it
	status  *rppv1.StatusResponse
	blob    []byte // what Restore has received
}

func newDesk() *desk { return &desk{tenants: map[[32]byte][]string{}} }

func (d *desk) set(f func(*desk)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f(d)
}

func (d *desk) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls
}

func (d *desk) lastCaller() Caller {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.caller
}

func note[Req, Res any](ctx context.Context, d *desk, c Caller, r *Req, res *Res) (*Res, error) {
	d.mu.Lock()
	d.calls++
	d.caller, d.request = c, r
	gate, fail := d.gate, d.fail
	d.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if fail != nil {
		return nil, fail
	}
	return res, nil
}

func (d *desk) Tenants(_ context.Context, job [32]byte) ([]string, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t, ok := d.tenants[job]
	return t, ok, nil
}

func (d *desk) Submit(ctx context.Context, c Caller, r *rppv1.SubmitRequest) (*rppv1.SubmitResponse, error) {
	return note(ctx, d, c, r, &rppv1.SubmitResponse{Job: &rppv1.Job{Id: digest(1), State: rppv1.JobState_JOB_STATE_ACCEPTED}})
}

func (d *desk) Get(ctx context.Context, c Caller, r *rppv1.GetRequest) (*rppv1.GetResponse, error) {
	return note(ctx, d, c, r, &rppv1.GetResponse{Job: &rppv1.Job{Id: r.Id, State: rppv1.JobState_JOB_STATE_RUNNING}})
}

func (d *desk) Watch(ctx context.Context, c Caller, r *rppv1.WatchRequest, send func(*rppv1.WatchResponse) error) error {
	d.watched.Add(1)
	defer d.watched.Done()
	res, err := note(ctx, d, c, r, &rppv1.WatchResponse{Sequence: 1, Job: &rppv1.Job{Id: r.Id, State: rppv1.JobState_JOB_STATE_RELEASED}})
	if err != nil {
		return err
	}
	d.mu.Lock()
	watch := d.watch
	d.mu.Unlock()
	if watch == nil {
		return send(res)
	}
	for {
		select {
		case m, ok := <-watch:
			if !ok {
				return nil
			}
			if err := send(m); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (d *desk) List(ctx context.Context, c Caller, r *rppv1.ListRequest) (*rppv1.ListResponse, error) {
	return note(ctx, d, c, r, &rppv1.ListResponse{})
}

func (d *desk) Cancel(ctx context.Context, c Caller, r *rppv1.CancelRequest) (*rppv1.CancelResponse, error) {
	return note(ctx, d, c, r, &rppv1.CancelResponse{Job: &rppv1.Job{Id: r.Id, State: rppv1.JobState_JOB_STATE_CANCELLED}})
}

func (d *desk) FetchProof(ctx context.Context, c Caller, r *rppv1.FetchProofRequest) (*rppv1.FetchProofResponse, error) {
	return note(ctx, d, c, r, &rppv1.FetchProofResponse{ProofFile: []byte("proof"), Digest: digest(9)})
}

func (d *desk) Verify(ctx context.Context, c Caller, r *rppv1.VerifyRequest) (*rppv1.VerifyResponse, error) {
	return note(ctx, d, c, r, &rppv1.VerifyResponse{Accepted: true})
}

func (d *desk) Status(ctx context.Context, c Caller, r *rppv1.StatusRequest) (*rppv1.StatusResponse, error) {
	d.mu.Lock()
	status := d.status
	d.mu.Unlock()
	if status == nil {
		status = &rppv1.StatusResponse{Cluster: "test", Node: "a", Leader: "a", Health: "healthy"}
	}
	return note(ctx, d, c, r, status)
}

func (d *desk) Members(ctx context.Context, c Caller, r *rppv1.MembersRequest) (*rppv1.MembersResponse, error) {
	return note(ctx, d, c, r, &rppv1.MembersResponse{})
}

func (d *desk) CreateToken(ctx context.Context, c Caller, r *rppv1.CreateTokenRequest) (*rppv1.CreateTokenResponse, error) {
	return note(ctx, d, c, r, &rppv1.CreateTokenResponse{Token: "rpp1-example", Id: "00112233445566778899aabbccddeeff"})
}

func (d *desk) ListTokens(ctx context.Context, c Caller, r *rppv1.ListTokensRequest) (*rppv1.ListTokensResponse, error) {
	return note(ctx, d, c, r, &rppv1.ListTokensResponse{})
}

func (d *desk) RevokeToken(ctx context.Context, c Caller, r *rppv1.RevokeTokenRequest) (*rppv1.RevokeTokenResponse, error) {
	return note(ctx, d, c, r, &rppv1.RevokeTokenResponse{})
}

func (d *desk) Drain(ctx context.Context, c Caller, r *rppv1.DrainRequest) (*rppv1.DrainResponse, error) {
	return note(ctx, d, c, r, &rppv1.DrainResponse{Running: 1, Moved: 2})
}

func (d *desk) Remove(ctx context.Context, c Caller, r *rppv1.RemoveRequest) (*rppv1.RemoveResponse, error) {
	return note(ctx, d, c, r, &rppv1.RemoveResponse{})
}

func (d *desk) TransferLeadership(ctx context.Context, c Caller, r *rppv1.TransferLeadershipRequest) (*rppv1.TransferLeadershipResponse, error) {
	return note(ctx, d, c, r, &rppv1.TransferLeadershipResponse{})
}

func (d *desk) Snapshot(ctx context.Context, c Caller, r *rppv1.SnapshotRequest) (*rppv1.SnapshotResponse, error) {
	return note(ctx, d, c, r, &rppv1.SnapshotResponse{})
}

func (d *desk) Backup(ctx context.Context, c Caller, r *rppv1.BackupRequest, send func(*rppv1.BackupResponse) error) error {
	res, err := note(ctx, d, c, r, &rppv1.BackupResponse{Data: []byte("state")})
	if err != nil {
		return err
	}
	return errors.Join(send(res), send(&rppv1.BackupResponse{Digest: digest(3)}))
}

func (d *desk) Restore(ctx context.Context, c Caller, receive func() (*rppv1.RestoreRequest, error)) (*rppv1.RestoreResponse, error) {
	for {
		m, err := receive()
		if err == io.EOF {
			return note(ctx, d, c, &rppv1.RestoreRequest{}, &rppv1.RestoreResponse{Jobs: 7})
		}
		if err != nil {
			return nil, err
		}
		d.set(func(d *desk) { d.blob = append(d.blob, m.Data...) })
	}
}

func (d *desk) RotateGossipKey(ctx context.Context, c Caller, r *rppv1.RotateGossipKeyRequest) (*rppv1.RotateGossipKeyResponse, error) {
	return note(ctx, d, c, r, &rppv1.RotateGossipKeyResponse{})
}

func (d *desk) ListQuarantine(ctx context.Context, c Caller, r *rppv1.ListQuarantineRequest) (*rppv1.ListQuarantineResponse, error) {
	return note(ctx, d, c, r, &rppv1.ListQuarantineResponse{Entries: []*rppv1.QuarantineEntry{
		{Kind: "spec", Tenant: "one"}, {Kind: "spec", Tenant: "two"}, {Kind: "device"},
	}})
}

func (d *desk) LiftQuarantine(ctx context.Context, c Caller, r *rppv1.LiftQuarantineRequest) (*rppv1.LiftQuarantineResponse, error) {
	return note(ctx, d, c, r, &rppv1.LiftQuarantineResponse{})
}

func (d *desk) Preload(ctx context.Context, c Caller, r *rppv1.PreloadRequest) (*rppv1.PreloadResponse, error) {
	return note(ctx, d, c, r, &rppv1.PreloadResponse{})
}

func (d *desk) Coverage(ctx context.Context, c Caller, r *rppv1.CoverageRequest) (*rppv1.CoverageResponse, error) {
	return note(ctx, d, c, r, &rppv1.CoverageResponse{})
}

func (d *desk) Rotate(ctx context.Context, c Caller, r *rppv1.RotateRequest) (*rppv1.RotateResponse, error) {
	return note(ctx, d, c, r, &rppv1.RotateResponse{Epoch: 2})
}

func (d *desk) Join(ctx context.Context, c Caller, r *internalv1.JoinRequest) (*internalv1.JoinResponse, error) {
	return note(ctx, d, c, r, &internalv1.JoinResponse{Cluster: "test"})
}

func (d *desk) Renew(ctx context.Context, c Caller, r *internalv1.RenewRequest) (*internalv1.RenewResponse, error) {
	return note(ctx, d, c, r, &internalv1.RenewResponse{})
}

func (d *desk) StoreWitness(ctx context.Context, c Caller, r *internalv1.StoreWitnessRequest) (*internalv1.StoreWitnessResponse, error) {
	return note(ctx, d, c, r, &internalv1.StoreWitnessResponse{})
}

func (d *desk) Receipt(ctx context.Context, c Caller, r *internalv1.ReceiptRequest) (*internalv1.ReceiptResponse, error) {
	return note(ctx, d, c, r, &internalv1.ReceiptResponse{})
}

func (d *desk) Chunk(ctx context.Context, c Caller, r *internalv1.ChunkRequest) (*internalv1.ChunkResponse, error) {
	return note(ctx, d, c, r, &internalv1.ChunkResponse{})
}

func (d *desk) GossipKey(ctx context.Context, c Caller, r *internalv1.GossipKeyRequest) (*internalv1.GossipKeyResponse, error) {
	return note(ctx, d, c, r, &internalv1.GossipKeyResponse{})
}

func (d *desk) Report(ctx context.Context, c Caller, r *internalv1.ReportRequest) (*internalv1.ReportResponse, error) {
	return note(ctx, d, c, r, &internalv1.ReportResponse{})
}

// Session answers every message with Taken.
func (d *desk) Session(ctx context.Context, c Caller, stream WorkerStream) error {
	for {
		m, err := stream.Receive()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := note(ctx, d, c, m, m); err != nil {
			return err
		}
		if err := stream.Send(&internalv1.LeaderMessage{Of: &internalv1.LeaderMessage_Taken{Taken: &internalv1.Taken{}}}); err != nil {
			return err
		}
	}
}
