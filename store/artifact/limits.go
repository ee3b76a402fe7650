package artifact

import "time"

const (
	// ChunkBytes is the size of every chunk of an artifact but its last.
	ChunkBytes = 1 << 20

	// What an artifact of each kind holds at most.
	MaxWitnessBytes = 64 << 20
	MaxProofBytes   = 6 << 20 // a proof file, and room for its format to grow
	MaxKeyBytes     = 1 << 30
	MaxOtherBytes   = 64 << 20

	// MaxPlanItems bounds a collection plan; what is beyond comes in the next one.
	MaxPlanItems = 16384

	// DefaultPin protects what was just put, until something refers to it.
	DefaultPin = time.Hour
	// DefaultGrace protects what lost its last reference, and keeps evidence.
	DefaultGrace = time.Hour
)
