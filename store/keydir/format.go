package keydir

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/zeebo/blake3"
)

// The file format, byte by byte, is docs/formats/keydir.md.
const (
	magic         = "RPPKEY"
	formatVersion = 1

	offsetVersion     = 6 // followed by its complement
	offsetKind        = 8
	offsetStemBytes   = 9
	offsetReserved    = 10
	offsetBlobBytes   = 16
	offsetFingerprint = 24
	offsetDigest      = 56
	headBytes         = 88 // the fixed part; the stem follows, then the blob

	maxStemBytes = 4*MaxPartBytes + 3
)

// header is a decoded header. raw is its encoding, stem included.
type header struct {
	name        Name
	fingerprint [32]byte
	digest      [32]byte
	blobBytes   int64
	raw         []byte
}

// newHeader makes the header of a key. The name must be valid.
func newHeader(n Name, fingerprint [32]byte, blob []byte) *header {
	stem := n.stem()
	raw := make([]byte, headBytes, headBytes+len(stem))
	copy(raw, magic)
	raw[offsetVersion], raw[offsetVersion+1] = formatVersion, 0xff-formatVersion
	raw[offsetKind] = byte(n.Kind)
	raw[offsetStemBytes] = byte(len(stem))
	binary.LittleEndian.PutUint64(raw[offsetBlobBytes:], uint64(len(blob)))
	copy(raw[offsetFingerprint:], fingerprint[:])
	h := &header{name: n, fingerprint: fingerprint, blobBytes: int64(len(blob)), raw: append(raw, stem...)}
	d := h.hasher()
	d.Write(blob)
	h.digest = sum(d)
	copy(h.raw[offsetDigest:], h.digest[:])
	return h
}

// hasher has absorbed the header but for the digest itself. The blob is still to come:
// the digest covers every other byte of the file.
func (h *header) hasher() *blake3.Hasher {
	d := blake3.New()
	d.Write(h.raw[:offsetDigest])
	d.Write(h.raw[headBytes:])
	return d
}

func sum(d *blake3.Hasher) (out [32]byte) {
	d.Sum(out[:0])
	return out
}

// damage is what a decoder found wrong with a file's content.
func damage(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, a...))
}

// readHeader reads the header of a file of the given size and leaves r at the blob. The
// digest is not compared with anything yet.
func readHeader(r io.Reader, size, maxBlobBytes int64) (*header, error) {
	if size < headBytes {
		return nil, damage("%d bytes are no header", size)
	}
	raw := make([]byte, headBytes, headBytes+maxStemBytes)
	if err := readFull(r, raw); err != nil {
		return nil, err
	}
	version := raw[offsetVersion]
	switch {
	case string(raw[:len(magic)]) != magic:
		return nil, damage("does not begin with %q", magic)
	case version^raw[offsetVersion+1] != 0xff:
		// The complement tells a damaged version from one that is not ours.
		return nil, damage("version and its complement disagree")
	case version != formatVersion:
		return nil, fmt.Errorf("%w: %d, this build reads %d; use the release that wrote it, or remove the file", ErrVersion, version, formatVersion)
	case raw[offsetStemBytes] > maxStemBytes:
		return nil, damage("a name of %d bytes", raw[offsetStemBytes])
	case !bytes.Equal(raw[offsetReserved:offsetBlobBytes], make([]byte, offsetBlobBytes-offsetReserved)):
		return nil, damage("reserved bytes are not zero")
	}
	stemBytes := int64(raw[offsetStemBytes])
	blobBytes := binary.LittleEndian.Uint64(raw[offsetBlobBytes:])
	if rest := size - headBytes - stemBytes; rest < 1 || blobBytes != uint64(rest) {
		return nil, damage("header says %d bytes of key, the file has %d", blobBytes, rest)
	}
	if blobBytes > uint64(maxBlobBytes) {
		return nil, fmt.Errorf("%w: %d bytes of key, at most %d; remove the file, or raise the limit", ErrTooLarge, blobBytes, maxBlobBytes)
	}
	h := &header{blobBytes: int64(blobBytes), raw: raw[:headBytes+stemBytes]}
	if err := readFull(r, h.raw[headBytes:]); err != nil {
		return nil, err
	}
	copy(h.fingerprint[:], raw[offsetFingerprint:])
	copy(h.digest[:], raw[offsetDigest:])
	name, err := ParseName(string(h.raw[headBytes:]) + "." + Kind(raw[offsetKind]).extension())
	if err != nil {
		return nil, damage("kind %d, name %q", raw[offsetKind], h.raw[headBytes:])
	}
	h.name = name
	return h, nil
}

// readBlob reads the blob after the header and checks the digest.
func (h *header) readBlob(r io.Reader) ([]byte, error) {
	blob := make([]byte, h.blobBytes)
	if err := readFull(r, blob); err != nil {
		return nil, err
	}
	d := h.hasher()
	d.Write(blob)
	return blob, h.match(d)
}

// checkBlob is readBlob without keeping the blob.
func (h *header) checkBlob(r io.Reader) error {
	d := h.hasher()
	n, err := io.Copy(d, io.LimitReader(r, h.blobBytes))
	if err != nil {
		return err
	}
	if n != h.blobBytes {
		return damage("ends early")
	}
	return h.match(d)
}

func (h *header) match(d *blake3.Hasher) error {
	if sum(d) != h.digest {
		return damage("content does not match its digest")
	}
	return nil
}

// readFull reads all of b. A file that ends early shrank under the reader: damaged.
func readFull(r io.Reader, b []byte) error {
	_, err := io.ReadFull(r, b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return damage("ends early")
	}
	return err
}
