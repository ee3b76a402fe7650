package store

// What is accepted at most.
const (
	// MaxKeyBytes bounds a key.
	MaxKeyBytes = 1 << 10
	// MaxValueBytes bounds a value: callers cut what is larger into chunks.
	MaxValueBytes = 4 << 20
	// MaxBatchBytes bounds the keys and values of one batch together, with
	// batchOpBytes for each operation.
	MaxBatchBytes = 16 << 20
	// MaxBallastBytes bounds the ballast.
	MaxBallastBytes = 64 << 30

	// batchOpBytes is what an operation of a batch is charged beyond its bytes.
	batchOpBytes = 16
	// maxFaults is how many distinct faults are told apart; OnFault is not called for
	// more.
	maxFaults = 256
)

// What an Options field that is zero stands for.
const (
	defaultCacheBytes      = 64 << 20
	defaultMemTableBytes   = 16 << 20
	defaultMinFreeBytes    = 1 << 30
	defaultMinFreeFraction = 0.10
)
