package artifact

import (
	"encoding/hex"
	"fmt"
)

// Digest is the BLAKE3-256 digest of an artifact's bytes, its only name.
type Digest [32]byte

func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// Kind says what an artifact is, and so how large it may be and how it is stored. Its
// values are those of the format.
type Kind uint8

// The kinds. Only witnesses are secret.
const (
	Witness Kind = 1
	Proof   Kind = 2
	Key     Kind = 3
	Other   Kind = 4
)

// kindCount is the number of kinds, for tables by kind.
const kindCount = 5

func (k Kind) String() string {
	switch k {
	case Witness:
		return "witness"
	case Proof:
		return "proof"
	case Key:
		return "key"
	case Other:
		return "other"
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

// MaxBytes is the size of the largest artifact of the kind, 0 if there is no such kind.
func (k Kind) MaxBytes() int64 {
	switch k {
	case Witness:
		return MaxWitnessBytes
	case Proof:
		return MaxProofBytes
	case Key:
		return MaxKeyBytes
	case Other:
		return MaxOtherBytes
	}
	return 0
}

// admit refuses sizes that the kind does not have.
func (k Kind) admit(sizeBytes int64) error {
	switch limit := k.MaxBytes(); {
	case limit == 0:
		return fmt.Errorf("artifact: %w: %v", ErrKind, k)
	case sizeBytes <= 0:
		return fmt.Errorf("artifact: %w", ErrEmpty)
	case sizeBytes > limit:
		return fmt.Errorf("artifact: %w: %d bytes, a %v has at most %d", ErrTooLarge, sizeBytes, k, limit)
	}
	return nil
}

// chunkCount is the number of chunks of an artifact.
func chunkCount(sizeBytes int64) int { return int((sizeBytes + ChunkBytes - 1) / ChunkBytes) }

// chunkSize is the size of its chunk i.
func chunkSize(sizeBytes int64, i int) int {
	return int(min(ChunkBytes, sizeBytes-int64(i)*ChunkBytes))
}
