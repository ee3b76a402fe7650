package keycache

const (
	// MaxPartBytes bounds each of the four parts of a name.
	MaxPartBytes = 48
	// MaxEntryCount bounds the index.
	MaxEntryCount = 4096
)
