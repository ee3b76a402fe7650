package keydir

// What is accepted at most.
const (
	// MaxPartBytes bounds each of the four parts of a name, so that the longest file
	// name, with the suffix of an incomplete or a damaged one, stays below the 255 bytes
	// that file systems allow.
	MaxPartBytes = 48
	// MaxBlobBytes bounds a key.
	MaxBlobBytes = 1 << 30
	// MaxFiles bounds the files of a folder, whoever put them there.
	MaxFiles = 4096
)

// Limits narrow what one Dir accepts. A field that is not positive, or above its
// maximum, stands for the maximum.
type Limits struct {
	BlobBytes int64
	Files     int
}

func (l Limits) clamped() Limits {
	if l.BlobBytes <= 0 || l.BlobBytes > MaxBlobBytes {
		l.BlobBytes = MaxBlobBytes
	}
	if l.Files <= 0 || l.Files > MaxFiles {
		l.Files = MaxFiles
	}
	return l
}
