package artifact

import "time"

const (
	// ChunkBytes is the size of every chunk of an artifact but its last.
	ChunkBytes = 1 << 20

	// pieceBytes is what the store gets of a chunk in one value. Pebble meets a damaged
	// block by flipping each of its first 327,680 bits and summing the block again, to say
	// which one it was: 20 seconds for a block of 1 MiB, an eighth of one for this.
	pieceBytes = 16 << 10

	// What an artifact of each kind holds at most.
	MaxWitnessBytes = 64 << 20
	MaxProofBytes   = 6 << 20 // a proof file, and room for its format to grow
	MaxKeyBytes     = 1 << 30
	MaxOtherBytes   = 64 << 20

	// MaxPlanItems bounds a collection plan, which is one value, too; what is beyond
	// comes in the next one.
	MaxPlanItems = 1024

	// DefaultPin protects what was just put, until something refers to it.
	DefaultPin = time.Hour
	// DefaultGrace protects what lost its last reference, and keeps evidence.
	DefaultGrace = time.Hour
)
