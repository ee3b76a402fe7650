package api

import (
	"context"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
)

// The backends do what was asked. Requests reach them checked: sizes, identifiers, closed
// sets, rights, tenants. They return *fault.Error; anything else is shown to the caller as
// an internal error and logged. CodeNoLeader and CodeStarting promise that nothing was
// done; whoever is unsure (leadership lost while committing) returns CodeNoQuorum.
// All methods may be called concurrently, and end soon after their context does.

// Jobs is JobService. Where a request has a tenant, it is filled in: the caller's own if
// it named none, empty only for those who may see all.
type Jobs interface {
	// Tenants lists everybody who has ever subscribed to a job; known is false if there is
	// no such job. The edge asks it before it shows or changes a job by its identifier.
	Tenants(ctx context.Context, job [32]byte) (tenants []string, known bool, err error)

	Submit(context.Context, Caller, *rppv1.SubmitRequest) (*rppv1.SubmitResponse, error)
	Get(context.Context, Caller, *rppv1.GetRequest) (*rppv1.GetResponse, error)
	// Watch sends until the job is final or the context ends. send blocks on a slow reader,
	// and fails when that lasts too long.
	Watch(ctx context.Context, caller Caller, req *rppv1.WatchRequest, send func(*rppv1.WatchResponse) error) error
	// List returns only the tenant's jobs, if the request has one.
	List(context.Context, Caller, *rppv1.ListRequest) (*rppv1.ListResponse, error)
	Cancel(context.Context, Caller, *rppv1.CancelRequest) (*rppv1.CancelResponse, error)
	FetchProof(context.Context, Caller, *rppv1.FetchProofRequest) (*rppv1.FetchProofResponse, error)
	Verify(context.Context, Caller, *rppv1.VerifyRequest) (*rppv1.VerifyResponse, error)
}

// Cluster is ClusterService.
type Cluster interface {
	Status(context.Context, Caller, *rppv1.StatusRequest) (*rppv1.StatusResponse, error)
	Members(context.Context, Caller, *rppv1.MembersRequest) (*rppv1.MembersResponse, error)
	CreateToken(context.Context, Caller, *rppv1.CreateTokenRequest) (*rppv1.CreateTokenResponse, error)
	ListTokens(context.Context, Caller, *rppv1.ListTokensRequest) (*rppv1.ListTokensResponse, error)
	RevokeToken(context.Context, Caller, *rppv1.RevokeTokenRequest) (*rppv1.RevokeTokenResponse, error)
	Drain(context.Context, Caller, *rppv1.DrainRequest) (*rppv1.DrainResponse, error)
	Remove(context.Context, Caller, *rppv1.RemoveRequest) (*rppv1.RemoveResponse, error)
	TransferLeadership(context.Context, Caller, *rppv1.TransferLeadershipRequest) (*rppv1.TransferLeadershipResponse, error)
	Snapshot(context.Context, Caller, *rppv1.SnapshotRequest) (*rppv1.SnapshotResponse, error)
	Backup(ctx context.Context, caller Caller, req *rppv1.BackupRequest, send func(*rppv1.BackupResponse) error) error
	// Restore reads messages until receive returns io.EOF. The first names digest and size;
	// that the data has that size is checked, that it has that digest is not.
	Restore(ctx context.Context, caller Caller, receive func() (*rppv1.RestoreRequest, error)) (*rppv1.RestoreResponse, error)
	RotateGossipKey(context.Context, Caller, *rppv1.RotateGossipKeyRequest) (*rppv1.RotateGossipKeyResponse, error)
	ListQuarantine(context.Context, Caller, *rppv1.ListQuarantineRequest) (*rppv1.ListQuarantineResponse, error)
	LiftQuarantine(context.Context, Caller, *rppv1.LiftQuarantineRequest) (*rppv1.LiftQuarantineResponse, error)
}

// Keys is KeyService.
type Keys interface {
	Preload(context.Context, Caller, *rppv1.PreloadRequest) (*rppv1.PreloadResponse, error)
	Coverage(context.Context, Caller, *rppv1.CoverageRequest) (*rppv1.CoverageResponse, error)
	Rotate(context.Context, Caller, *rppv1.RotateRequest) (*rppv1.RotateResponse, error)
}

// Joiner is JoinService. The caller is anonymous: the token decides.
type Joiner interface {
	Join(context.Context, Caller, *internalv1.JoinRequest) (*internalv1.JoinResponse, error)
}

// Peer is PeerService. Renew is about the caller's own certificate; Chunk decides which
// artifacts the caller may have (the ArtifactX actions).
type Peer interface {
	Renew(context.Context, Caller, *internalv1.RenewRequest) (*internalv1.RenewResponse, error)
	StoreWitness(context.Context, Caller, *internalv1.StoreWitnessRequest) (*internalv1.StoreWitnessResponse, error)
	Receipt(context.Context, Caller, *internalv1.ReceiptRequest) (*internalv1.ReceiptResponse, error)
	Chunk(context.Context, Caller, *internalv1.ChunkRequest) (*internalv1.ChunkResponse, error)
	GossipKey(context.Context, Caller, *internalv1.GossipKeyRequest) (*internalv1.GossipKeyResponse, error)
	Report(context.Context, Caller, *internalv1.ReportRequest) (*internalv1.ReportResponse, error)
}

// WorkerStream is the leader's end of a worker's session. Every message received is
// checked; the first is a Hello, and no other is. Receive returns io.EOF when the worker
// has closed its side. One goroutine may receive while another sends.
type WorkerStream interface {
	Receive() (*internalv1.WorkerMessage, error)
	Send(*internalv1.LeaderMessage) error
}

// Workers is WorkerService. Session returns when the session is over.
type Workers interface {
	Session(ctx context.Context, caller Caller, stream WorkerStream) error
}
