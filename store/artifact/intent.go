package artifact

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

const (
	intentVersion = 1
	asideVersion  = 1
)

// intent says that chunks may be there of an artifact that does not exist yet. It is
// written before the first of them and deleted in the step that writes the record.
type intent struct {
	kind      Kind
	sizeBytes int64
	startedMS int64
}

const intentBytes = 1 + 1 + 8 + 8

func (i intent) encode(d Digest) []byte {
	b := []byte{intentVersion, byte(i.kind)}
	b = binary.LittleEndian.AppendUint64(b, uint64(i.sizeBytes))
	b = binary.LittleEndian.AppendUint64(b, uint64(i.startedMS))
	return seal(b, d)
}

func decodeIntent(d Digest, b []byte) (intent, error) {
	b, err := unseal(b, d, intentVersion, intentBytes)
	if err != nil {
		return intent{}, fmt.Errorf("intent: %w", err)
	}
	if len(b) != intentBytes {
		return intent{}, errors.New("intent: bytes follow")
	}
	i := intent{
		kind:      Kind(b[1]),
		sizeBytes: int64(binary.LittleEndian.Uint64(b[2:])),
		startedMS: int64(binary.LittleEndian.Uint64(b[10:])),
	}
	if err := i.kind.admit(i.sizeBytes); err != nil {
		return intent{}, fmt.Errorf("intent: %w", err)
	}
	return i, nil
}

// evidence is what is kept of an artifact that was set aside, beside its chunks.
type evidence struct {
	atMS   int64
	chunk  int    // the damaged one; noChunk if it is not one chunk's fault
	record []byte // as it was found, damaged or not
}

const (
	noChunk           = math.MaxUint32
	asideHeader       = 1 + 8 + 4
	maxRecordBytes    = recordHeader + 32*(MaxKeyBytes/ChunkBytes) + 32
	maxEvidenceRecord = 2 * maxRecordBytes // a damaged one may be of any length
)

func (e evidence) encode(d Digest) []byte {
	b := []byte{asideVersion}
	b = binary.LittleEndian.AppendUint64(b, uint64(e.atMS))
	b = binary.LittleEndian.AppendUint32(b, uint32(e.chunk))
	b = append(b, e.record[:min(len(e.record), maxEvidenceRecord)]...)
	return seal(b, d)
}

func decodeEvidence(d Digest, b []byte) (evidence, error) {
	if len(b) > asideHeader+maxEvidenceRecord+32 {
		return evidence{}, fmt.Errorf("evidence: %d bytes", len(b))
	}
	b, err := unseal(b, d, asideVersion, asideHeader)
	if err != nil {
		return evidence{}, fmt.Errorf("evidence: %w", err)
	}
	return evidence{
		atMS:   int64(binary.LittleEndian.Uint64(b[1:])),
		chunk:  int(binary.LittleEndian.Uint32(b[9:])),
		record: append([]byte(nil), b[asideHeader:]...),
	}, nil
}
