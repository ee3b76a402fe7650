package artifact

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/zeebo/blake3"
)

const recordVersion = 1

// record makes an artifact exist: it is written in one step, after every chunk.
type record struct {
	kind      Kind
	instance  uint64
	sizeBytes int64
	createdMS int64
	storeKey  [8]byte    // names the store key that wraps a witness's data key; else zero
	chunks    [][32]byte // BLAKE3-256 of each chunk's plain bytes
}

// recordHeader is the size of a record without chunk digests and checksum.
const recordHeader = 1 + 1 + 8 + 8 + 8 + 8

// encode writes a record. The checksum covers the artifact's digest too, so that a record
// speaks for no other artifact.
func (r *record) encode(d Digest) []byte {
	b := make([]byte, 0, recordHeader+32*len(r.chunks)+32)
	b = append(b, recordVersion, byte(r.kind))
	b = binary.LittleEndian.AppendUint64(b, r.instance)
	b = binary.LittleEndian.AppendUint64(b, uint64(r.sizeBytes))
	b = binary.LittleEndian.AppendUint64(b, uint64(r.createdMS))
	b = append(b, r.storeKey[:]...)
	for _, c := range r.chunks {
		b = append(b, c[:]...)
	}
	return seal(b, d)
}

// decodeRecord accepts exactly what encode writes.
func decodeRecord(d Digest, b []byte) (*record, error) {
	b, err := unseal(b, d, recordVersion, recordHeader)
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	r := &record{
		kind:      Kind(b[1]),
		instance:  binary.LittleEndian.Uint64(b[2:]),
		sizeBytes: int64(binary.LittleEndian.Uint64(b[10:])),
		createdMS: int64(binary.LittleEndian.Uint64(b[18:])),
		storeKey:  [8]byte(b[26:]),
	}
	if err := r.kind.admit(r.sizeBytes); err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	if r.kind != Witness && r.storeKey != [8]byte{} {
		return nil, errors.New("record: a store key on a plain artifact")
	}
	digests := b[recordHeader:]
	if len(digests) != 32*chunkCount(r.sizeBytes) {
		return nil, fmt.Errorf("record: %d bytes of chunk digests for an artifact of %d bytes", len(digests), r.sizeBytes)
	}
	r.chunks = make([][32]byte, len(digests)/32)
	for i := range r.chunks {
		r.chunks[i] = [32]byte(digests[32*i:])
	}
	return r, nil
}

// seal ends a value with its checksum, which binds it to the artifact it is about.
func seal(b []byte, d Digest) []byte {
	sum := checksum(b, d)
	return append(b, sum[:]...)
}

func checksum(b []byte, d Digest) [32]byte {
	h := blake3.New()
	_, _ = h.Write(d[:])
	_, _ = h.Write(b)
	return [32]byte(h.Sum(nil))
}

// unseal takes the checksum off a value that begins with its version and has at least
// header bytes.
func unseal(b []byte, d Digest, version byte, header int) ([]byte, error) {
	if len(b) < header+32 {
		return nil, fmt.Errorf("%d bytes, at least %d", len(b), header+32)
	}
	body := b[:len(b)-32]
	if checksum(body, d) != [32]byte(b[len(body):]) {
		return nil, errors.New("checksum")
	}
	if body[0] != version {
		return nil, fmt.Errorf("%w: %d, this one reads %d", ErrVersion, body[0], version)
	}
	return body, nil
}
