package raft

import "time"

// Limits. Each is hit by a test.
const (
	// EntryBytesMax bounds a command. The log carries ids, digests and counts.
	EntryBytesMax = 64 << 10
	// SnapshotBytesMax bounds a backup that Restore accepts; it is held in memory.
	SnapshotBytesMax = 256 << 20
	// ServerCountMax bounds the members, voters and non-voters together.
	ServerCountMax = 32
	// NameBytesMax bounds an id and an address.
	NameBytesMax = 256
	// ConnCountMax bounds accepted connections: members × (pool + pipeline), with room.
	ConnCountMax = 8 * ServerCountMax

	connPoolCount = 3
	logCacheCount = 512
	pollInterval  = 5 * time.Millisecond
)
