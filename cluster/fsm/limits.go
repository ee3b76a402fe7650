package fsm

import "time"

// Bounds of what a command may carry.
const (
	// MaxEntryBytes bounds an encoded command.
	MaxEntryBytes = 64 << 10
	// MaxSpecBytes bounds a canonical spec.
	MaxSpecBytes = 32 << 10

	maxNameBytes    = 64  // families, variants, profiles, tenants, clusters, nodes
	maxKeyBytes     = 128 // idempotency keys, token ids
	maxActorBytes   = 256
	maxDeviceBytes  = 128
	maxBuildBytes   = 128
	maxAddressBytes = 256
	maxReasonBytes  = 1024
	maxSPKIBytes    = 512
	maxPublicBytes  = 128 // a validator's public key, in its own scheme
	maxKeyDigests   = 8   // of a gossip keyring
)

// Bounds of the state. Those of jobs can be lowered by Configure.
const (
	// MaxVoters bounds the voters of a cluster.
	MaxVoters = 32
	// MaxClass is the largest number of a priority class.
	MaxClass = 15

	maxLiveJobs                  = 100_000
	maxFinishedJobs              = 200_000
	maxSubscriptions             = 256 // of one job
	maxTenantSubscriptions       = 16  // of one tenant to one job
	maxEndings                   = 8   // remembered of a job that was revived
	maxMembers                   = 1024
	maxRevoked                   = 1 << 16
	maxTokens                    = 4096
	maxQuarantine                = 1 << 16
	maxQuarantinePerTenant       = 256 // specs: the oldest makes room
	maxFamilies                  = 64
	maxVariants                  = 1024
	maxEpochs                    = 16 // of one variant, kept at a time
	maxValidators                = 1 << 16
	maxRegistrations             = 16   // of one validator, kept at a time
	maxForgotten                 = 4096 // finished jobs, by one command
	maxPage                      = 1000
	maxPageScan                  = 20_000 // jobs looked at for one page
	maxSnapshotBytes       int64 = 8 << 30
)

// Defaults of Configuration.
const (
	defaultJobsPerTenant = 1000
	defaultRetention     = 24 * time.Hour
	maxRetention         = 366 * 24 * time.Hour
	defaultPage          = 100
)

// tokenKeptMS is how long a token is still listed after it has expired.
const tokenKeptMS = int64(time.Hour / time.Millisecond)
