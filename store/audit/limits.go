package audit

const (
	// What an event holds at most.
	MaxTextBytes        = 256 // of actor, action and subject each
	MaxDetailCount      = 32
	MaxDetailKeyBytes   = 64
	MaxDetailValueBytes = 1024

	// MaxRecordBytes bounds an encoded record: 48 KiB hold all of the above.
	MaxRecordBytes = 48 << 10

	// MaxScanCount bounds the records of one Scan.
	MaxScanCount = 1000

	// maxGroup bounds the appends that share a sync.
	maxGroup = 64
)
