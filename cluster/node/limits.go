package node

import "time"

const (
	maxMembershipBytes = 64 << 10
	maxGossipKeysBytes = 1 << 10
	// witnessBytes is the largest witness.
	witnessBytes = 64 << 20

	// receiptBuildBytes bounds the name of a voter's build: what a command can carry.
	receiptBuildBytes = 128

	// joinPatience is how long a newcomer asks again that was not answered, joinPause what
	// lies between two tries, more or less.
	joinPatience = 20 * time.Second
	joinPause    = 200 * time.Millisecond

	// receiptWait is how long a voter waits for its own state machine to learn of a job
	// that it is asked about.
	receiptWait = 5 * time.Second
	// owedProofBytes is the space that is kept for the proof of each accepted job.
	owedProofBytes = 1 << 20
	// replicateTimeout bounds the storing of a witness on a quorum.
	replicateTimeout = 30 * time.Second
	// chunkTimeout bounds one chunk from one peer.
	chunkTimeout = 20 * time.Second
	// keyPullTimeout is how long a leader asks others for a key before it derives it.
	// Who has it may have just died, and clients wait.
	keyPullTimeout = 700 * time.Millisecond
	// applyTimeout bounds a command of an API call.
	applyTimeout = 10 * time.Second

	// reportPause lies between two reports to the leader; statusPause between two looks at
	// the own figures.
	reportPause = 2 * time.Second
	statusPause = time.Second
	// digestPause lies between two digests of the state, which cost as much as a snapshot.
	digestPause = time.Second
	// reportAgain is how soon a report that failed is made again.
	reportAgain = 300 * time.Millisecond
	// upkeepPause lies between two rounds of the upkeep, checkPause between two checks that
	// everything that is referenced is there, repairPause between two tries to get it.
	upkeepPause = 500 * time.Millisecond
	// expirePause lies between two rounds of forgetting what is over.
	expirePause  = 5 * time.Second
	collectPause = time.Minute
	checkPause   = time.Hour
	repairPause  = 2 * time.Second
	// meetPause lies between two looks whether gossip knows anybody.
	meetPause = 2 * time.Second
	// successorPause lies between two looks at who leads now.
	successorPause = 5 * time.Millisecond
	// statusTimeout is how long a leader may take to say how things stand.
	statusTimeout = time.Second
	anchorPause   = time.Minute

	// closePatience is how long requests in progress may take when the node closes.
	closePatience = 300 * time.Millisecond

	// watchPause is how often a watched job's state with the scheduler is looked at.
	watchPause = 100 * time.Millisecond

	// tokenLifetime is a token's if its maker names none, and the longest.
	// tokenSeeds bounds the addresses that a newcomer is told.
	tokenSeeds       = 8
	tokenLifetime    = 10 * time.Minute
	tokenLifetimeMax = 24 * time.Hour

	// rotationGrace is how long submits under a former key are taken.
	rotationGrace = time.Hour

	// reportedKeys bounds what a node says it holds.
	reportedKeys = 4096
	// backupChunkBytes is the size of a message of a backup.
	backupChunkBytes = 256 << 10
	maxBackupBytes   = 256 << 20
)
