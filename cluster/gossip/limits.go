package gossip

import "time"

// Limits. Each is hit by a test.
const (
	// MetaBytesMax bounds an encoded Meta. memberlist panics above 512.
	MetaBytesMax = 400
	// StatusBytesMax bounds the payload of a NodeStatus.
	StatusBytesMax = 16 << 10
	// StateBytesMax bounds what one push or pull carries, and what is kept.
	StateBytesMax = 2 << 20
	// MemberCountMax bounds the members that are kept, dead ones included.
	MemberCountMax = 256
	// KeyBytes is the length of a key: AES-256.
	KeyBytes = 32
	// KeyCountMax bounds the keyring; see the package comment.
	KeyCountMax = 2
	// NameBytesMax bounds a node's name and the cluster's.
	NameBytesMax = 128

	addressBytesMax = 128
	buildBytesMax   = 64
	streamCountMax  = 64 // open at once, in and out
	mergeCountMax   = 8  // pushes that wait to be merged; more are dropped, others will follow
	sequenceMax     = 1 << 62
	forgetAfter     = time.Hour // since a member left or died
	announceTimeout = 500 * time.Millisecond
	reconnectRounds = 15 // probe intervals between attempts to find who was lost
)
