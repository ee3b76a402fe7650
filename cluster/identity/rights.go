package identity

// Action is something that a caller may or may not do. Those that begin with a slash
// are the procedures of the API, as they stand in a request's path; the others are what
// else a caller reaches, and the parts of a procedure that are decided one by one.
type Action string

// JobService.
const (
	JobSubmit     Action = "/rpp.v1.JobService/Submit"
	JobGet        Action = "/rpp.v1.JobService/Get"
	JobWatch      Action = "/rpp.v1.JobService/Watch"
	JobList       Action = "/rpp.v1.JobService/List"
	JobCancel     Action = "/rpp.v1.JobService/Cancel"
	JobFetchProof Action = "/rpp.v1.JobService/FetchProof"
	JobVerify     Action = "/rpp.v1.JobService/Verify"
)

// ClusterService.
const (
	ClusterStatus             Action = "/rpp.v1.ClusterService/Status"
	ClusterMembers            Action = "/rpp.v1.ClusterService/Members"
	ClusterCreateToken        Action = "/rpp.v1.ClusterService/CreateToken"
	ClusterListTokens         Action = "/rpp.v1.ClusterService/ListTokens"
	ClusterRevokeToken        Action = "/rpp.v1.ClusterService/RevokeToken"
	ClusterDrain              Action = "/rpp.v1.ClusterService/Drain"
	ClusterRemove             Action = "/rpp.v1.ClusterService/Remove"
	ClusterTransferLeadership Action = "/rpp.v1.ClusterService/TransferLeadership"
	ClusterSnapshot           Action = "/rpp.v1.ClusterService/Snapshot"
	ClusterBackup             Action = "/rpp.v1.ClusterService/Backup"
	ClusterRestore            Action = "/rpp.v1.ClusterService/Restore"
	ClusterRotateGossipKey    Action = "/rpp.v1.ClusterService/RotateGossipKey"
	ClusterListQuarantine     Action = "/rpp.v1.ClusterService/ListQuarantine"
	ClusterLiftQuarantine     Action = "/rpp.v1.ClusterService/LiftQuarantine"
)

// KeyService.
const (
	KeyPreload  Action = "/rpp.v1.KeyService/Preload"
	KeyCoverage Action = "/rpp.v1.KeyService/Coverage"
	KeyRotate   Action = "/rpp.v1.KeyService/Rotate"
)

// JoinService, PeerService and WorkerService.
const (
	Join             Action = "/rpp.internal.v1.JoinService/Join"
	PeerRenew        Action = "/rpp.internal.v1.PeerService/Renew"
	PeerStoreWitness Action = "/rpp.internal.v1.PeerService/StoreWitness"
	PeerReceipt      Action = "/rpp.internal.v1.PeerService/Receipt"
	PeerChunk        Action = "/rpp.internal.v1.PeerService/Chunk"
	PeerGossipKey    Action = "/rpp.internal.v1.PeerService/GossipKey"
	PeerReport       Action = "/rpp.internal.v1.PeerService/Report"
	WorkerSession    Action = "/rpp.internal.v1.WorkerService/Session"
)

// What has no procedure of ours.
const (
	RaftStream        Action = "raft/stream"
	HealthCheck       Action = "/grpc.health.v1.Health/Check"
	HealthWatch       Action = "/grpc.health.v1.Health/Watch"
	HealthList        Action = "/grpc.health.v1.Health/List"
	HTTPHealth        Action = "http/health" // and live and ready
	HTTPStatusNode    Action = "http/status/node"
	HTTPStatusCluster Action = "http/status/cluster"
	HTTPMetrics       Action = "http/metrics"

	// PeerChunk lets in; these say which artifacts may be read.
	ArtifactKey     Action = "artifact/key"
	ArtifactProof   Action = "artifact/proof"
	ArtifactWitness Action = "artifact/witness"

	// ActFor is passing on a client's call together with the identity that the node saw
	// on the client's own connection. Workers are not believed.
	ActFor Action = "peer/act-for"
)

// Scope is how far a right reaches.
type Scope uint8

// The scopes. With OwnTenant, an answer that shows many tenants' things is cut down to
// the caller's own.
const (
	None Scope = iota
	OwnTenant
	OwnLease // of what the caller holds a lease on
	All
)

// rights is the one table. A caller that an action's row does not mention has no right
// to it, and an action without a row is nobody's.
var rights = map[Action]map[Role]Scope{
	JobSubmit:     {Validator: OwnTenant, Operator: All},
	JobGet:        {Validator: OwnTenant, Operator: All, Auditor: All},
	JobWatch:      {Validator: OwnTenant, Operator: All, Auditor: All},
	JobList:       {Validator: OwnTenant, Operator: All, Auditor: All},
	JobCancel:     {Validator: OwnTenant, Operator: All},
	JobFetchProof: {Validator: OwnTenant, Operator: All, Auditor: All},
	JobVerify:     {Validator: All, Operator: All, Auditor: All}, // looks at the caller's file only

	ClusterStatus:             {Voter: All, Worker: All, Validator: OwnTenant, Operator: All, Auditor: All},
	ClusterMembers:            {Voter: All, Worker: All, Validator: OwnTenant, Operator: All, Auditor: All},
	ClusterCreateToken:        {Operator: All},
	ClusterListTokens:         {Operator: All, Auditor: All},
	ClusterRevokeToken:        {Operator: All},
	ClusterDrain:              {Operator: All},
	ClusterRemove:             {Operator: All},
	ClusterTransferLeadership: {Operator: All},
	ClusterSnapshot:           {Operator: All},
	ClusterBackup:             {Operator: All},
	ClusterRestore:            {Operator: All},
	ClusterRotateGossipKey:    {Operator: All},
	ClusterListQuarantine:     {Validator: OwnTenant, Operator: All, Auditor: All},
	ClusterLiftQuarantine:     {Operator: All},

	KeyPreload:  {Validator: All, Operator: All}, // fills caches, and twice is as once
	KeyCoverage: {Voter: All, Worker: All, Validator: All, Operator: All, Auditor: All},
	KeyRotate:   {Operator: All},

	Join: {Anonymous: All}, // the token decides

	PeerRenew:        {Voter: All, Worker: All, Validator: All, Operator: All, Auditor: All}, // of the caller's own
	PeerStoreWitness: {Voter: All},
	PeerReceipt:      {Voter: All},
	PeerChunk:        {Voter: All, Worker: All},
	PeerGossipKey:    {Voter: All},
	PeerReport:       {Voter: All, Worker: All},
	WorkerSession:    {Voter: All, Worker: All}, // a voter may have devices as well

	RaftStream:        {Voter: All},
	HealthCheck:       {Voter: All, Worker: All, Validator: All, Operator: All, Auditor: All},
	HealthWatch:       {Voter: All, Worker: All, Validator: All, Operator: All, Auditor: All},
	HealthList:        {Voter: All, Worker: All, Validator: All, Operator: All, Auditor: All},
	HTTPHealth:        {Voter: All, Worker: All, Validator: All, Operator: All, Auditor: All},
	HTTPStatusNode:    {Voter: All, Worker: All, Validator: OwnTenant, Operator: All, Auditor: All},
	HTTPStatusCluster: {Voter: All, Worker: All, Validator: OwnTenant, Operator: All, Auditor: All},
	HTTPMetrics:       {Operator: All, Auditor: All}, // labels name tenants

	ArtifactKey:     {Voter: All, Worker: All},
	ArtifactProof:   {Voter: All},
	ArtifactWitness: {Voter: All, Worker: OwnLease},

	ActFor: {Voter: All},
}
