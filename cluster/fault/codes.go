package fault

// Code is the stable name of an error.
type Code string

// The codes: C1xx identity and rights, C2xx requests, C3xx admission, C4xx jobs and
// proofs, C5xx cluster and nodes, C6xx store and keys, C9xx ourselves.
const (
	CodeUnauthenticated Code = "C101-unauthenticated"
	CodeDenied          Code = "C102-denied"
	CodeToken           Code = "C103-token"
	CodeTokenSpent      Code = "C104-token-spent"
	CodeTokenExpired    Code = "C105-token-expired"
	CodeRevoked         Code = "C106-revoked"
	CodeWrongCluster    Code = "C107-wrong-cluster"
	CodeNoLease         Code = "C108-no-lease"
	CodePassphrase      Code = "C109-passphrase"
	CodeIdentityFile    Code = "C110-identity-file"
	CodeIssuer          Code = "C111-issuer"

	CodeField   Code = "C201-field"
	CodeTooBig  Code = "C202-too-big"
	CodeFamily  Code = "C203-family"
	CodeWitness Code = "C204-witness"
	CodeChain   Code = "C205-chain-id"
	CodeFloor   Code = "C206-below-floor"
	CodeIdemKey Code = "C207-idempotency-key"

	CodeQueueFull    Code = "C301-queue-full"
	CodeTenantQuota  Code = "C302-tenant-quota"
	CodeDiskFull     Code = "C303-disk-full"
	CodeIntakeClosed Code = "C304-intake-closed"
	CodeOverload     Code = "C305-overload"
	CodeNoDevice     Code = "C306-no-device"

	CodeNoJob          Code = "C401-no-such-job"
	CodeNotReleased    Code = "C402-not-released"
	CodeFinal          Code = "C403-job-is-final"
	CodeInvalidWitness Code = "C404-invalid-witness"
	CodeProofRejected  Code = "C405-proof-rejected"
	CodeQuarantined    Code = "C406-quarantined"
	CodeReceipts       Code = "C407-receipts"
	CodeAttempts       Code = "C408-attempts"
	CodeFrozen         Code = "C409-family-frozen"

	CodeNoLeader    Code = "C501-no-leader"
	CodeNoQuorum    Code = "C502-no-quorum"
	CodeStarting    Code = "C503-starting"
	CodeNoMember    Code = "C504-no-such-member"
	CodeLastVoter   Code = "C505-last-voter"
	CodeVersion     Code = "C506-version"
	CodeKeyring     Code = "C507-keyring"
	CodeStaleFence  Code = "C508-stale-fence"
	CodeUnreachable Code = "C509-unreachable"
	CodeNameTaken   Code = "C510-name-taken"
	CodeNoEntry     Code = "C511-no-such-entry"

	CodeLogLost Code = "C512-log-lost"

	CodeNotFound   Code = "C601-no-such-artifact"
	CodeCorrupt    Code = "C602-corrupt"
	CodeKeyMissing Code = "C603-key-missing"
	CodeBackup     Code = "C604-backup"
	CodeKeyChanged Code = "C605-key-differs"
	CodeKeyEpoch   Code = "C606-key-epoch"
	CodeStore      Code = "C607-store-damaged"

	CodeInternal Code = "C901-internal"
)

// codes gives each code its kind and its remedy.
var codes = map[Code]struct {
	kind   Kind
	remedy string
}{
	CodeUnauthenticated: {Unauthenticated, "join with a token of an operator ('rpp-node cluster token create')"},
	CodeDenied:          {Denied, "ask an operator for a certificate with a role that may"},
	CodeToken:           {Unauthenticated, "copy the whole token, or ask an operator for a new one"},
	CodeTokenSpent:      {Unauthenticated, "a token joins once: ask an operator for another"},
	CodeTokenExpired:    {Unauthenticated, "ask an operator for a new token"},
	CodeRevoked:         {Denied, "this node was removed: join again with a fresh data directory"},
	CodeWrongCluster:    {Denied, "check the addresses: they belong to another cluster"},
	CodeNoLease:         {Denied, "only the device that holds the job's lease may read its witness"},
	CodePassphrase:      {Denied, "type the passphrase that the root was sealed with"},
	CodeIdentityFile:    {Corrupt, "restore the file, or join again with a new data directory"},
	CodeIssuer:          {Conflict, "let another voter sign, or unseal the root"},

	CodeField:   {Invalid, ""},
	CodeTooBig:  {Invalid, ""},
	CodeFamily:  {Invalid, "see 'rpp-node circuits list'"},
	CodeWitness: {Invalid, "check the file with 'rpp-node witness check'"},
	CodeChain:   {Invalid, "submit with the cluster's chain id ('rpp-node cluster status')"},
	CodeFloor:   {Invalid, "choose profile production, or ask the operator to lower security_floor"},
	CodeIdemKey: {Conflict, "use a new idempotency key for another job"},

	CodeQueueFull:    {Exhausted, "wait and submit again"},
	CodeTenantQuota:  {Exhausted, "wait for jobs of this tenant to finish, or ask for a larger quota"},
	CodeDiskFull:     {NoSpace, "free disk space on the named node"},
	CodeIntakeClosed: {Exhausted, "several specs of this tenant crashed devices: see 'rpp-node cluster quarantine list'"},
	CodeOverload:     {Exhausted, "wait and submit again"},
	CodeNoDevice:     {Unavailable, "add a worker with more memory ('rpp-node worker')"},

	CodeNoJob:          {NotFound, "list jobs with 'rpp-node validator proofs list'"},
	CodeNotReleased:    {Conflict, "wait with 'rpp-node validator proofs watch'"},
	CodeFinal:          {Conflict, ""},
	CodeInvalidWitness: {Rejected, "check the witness with 'rpp-node witness check'"},
	CodeProofRejected:  {Rejected, ""},
	CodeQuarantined:    {Denied, "see 'rpp-node cluster quarantine list'"},
	CodeReceipts:       {Conflict, ""},
	CodeAttempts:       {Internal, "see the device's log; then submit again"},
	CodeFrozen:         {Conflict, "an operator stopped this family: wait until it is taken up again"},

	CodeNoLeader:    {Unavailable, "wait for an election; check that a majority of voters runs"},
	CodeNoQuorum:    {Unavailable, "check that a majority of voters runs and is reachable"},
	CodeStarting:    {Unavailable, "wait until /health/ready answers 200"},
	CodeNoMember:    {NotFound, "list nodes with 'rpp-node cluster members'"},
	CodeLastVoter:   {Conflict, "a majority of voters must remain: add a voter first"},
	CodeVersion:     {Conflict, "upgrade this node"},
	CodeKeyring:     {Conflict, "wait until every node has reported, or remove dead ones"},
	CodeStaleFence:  {Conflict, ""},
	CodeUnreachable: {Unavailable, "check address, network and firewall"},
	CodeNameTaken:   {Conflict, "choose another name, or remove the one that has it"},
	CodeNoEntry:     {NotFound, ""},

	CodeLogLost: {Conflict, "do not start it like this: remove the node ('rpp-node cluster remove NAME') and join again with a fresh data directory"},

	CodeNotFound:   {NotFound, ""},
	CodeCorrupt:    {Corrupt, "the node set the bytes aside and fetches them again"},
	CodeKeyMissing: {Unavailable, "run 'rpp-node validator proofs preload --backend plonky3 --wait'"},
	CodeBackup:     {Invalid, "use a file that 'rpp-node cluster backup' wrote"},
	CodeKeyChanged: {Conflict, "this release derives another key: rotate the family, or use the release that made it"},
	CodeKeyEpoch:   {Conflict, "the family's keys were rotated: see 'rpp-node keys list', then try again"},
	CodeStore:      {Corrupt, "remove this node ('rpp-node cluster remove'), and join again with a new data directory and a new token"},

	CodeInternal: {Internal, "see the node's log"},
}

// Codes lists every code.
func Codes() []Code {
	var list []Code
	for c := range codes {
		list = append(list, c)
	}
	return list
}

// KindOf is the kind of a code, zero for one that is unknown.
func KindOf(c Code) Kind { return codes[c].kind }
