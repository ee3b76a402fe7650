package raftlog

// What is accepted at most.
const (
	// MaxDataBytes bounds the data of an entry: a command of 64 KiB and what the layers
	// between add to it.
	MaxDataBytes = 64<<10 + 4<<10
	// MaxExtensionsBytes bounds the extensions of an entry.
	MaxExtensionsBytes = 4 << 10
	// MaxEntryBytes bounds the encoding of an entry.
	MaxEntryBytes = entryHeaderBytes + MaxDataBytes + MaxExtensionsBytes + checksumBytes
	// MaxStableKeyBytes and MaxStableValueBytes bound a stable value.
	MaxStableKeyBytes   = 64
	MaxStableValueBytes = 1 << 10
	// MaxSnapshotBytes bounds the data of a snapshot.
	MaxSnapshotBytes = 1 << 30
	// MaxServerCount and MaxServerBytes bound a snapshot's configuration: its servers, and
	// each name and address.
	MaxServerCount = 256
	MaxServerBytes = 255

	// chunkBytes is the size of a snapshot's chunks but the last.
	chunkBytes = 1 << 20
	// retainCount is how many complete snapshots are kept.
	retainCount = 2
)
