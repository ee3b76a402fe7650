package device

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Magic is the first thing that each side sends: the protocol and its version.
const Magic = "RPPDEV\x00\x01"

// ErrFrame is wrapped by every error about what was received, but for those of reading.
var ErrFrame = errors.New("device: not a frame")

const headerBytes = 4 + 1

// Write writes one frame.
func Write(w io.Writer, m Message) error {
	head, tail := m.encode()
	size := len(head) + len(tail)
	if limit := maxPayload[m.kind()]; size > limit {
		return fmt.Errorf("%w: kind %d: %d bytes, at most %d", ErrFrame, m.kind(), size, limit)
	}
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, headerBytes+len(head)), uint32(size))
	b = append(append(b, byte(m.kind())), head...)
	if _, err := w.Write(b); err != nil || len(tail) == 0 {
		return err
	}
	_, err := w.Write(tail)
	return err
}

// Read reads one frame: io.EOF where the input ends between frames.
func Read(r io.Reader) (Message, error) {
	var h [headerBytes]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return nil, err
	}
	k := Kind(h[4])
	size := binary.LittleEndian.Uint32(h[:])
	if limit := maxPayload[k]; uint64(size) > uint64(limit) {
		return nil, fmt.Errorf("%w: kind %d: %d bytes, at most %d", ErrFrame, k, size, limit)
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, fmt.Errorf("%w: kind %d: %w", ErrFrame, k, err)
	}
	return decode(k, b)
}

// WriteMagic and ReadMagic open a stream.
func WriteMagic(w io.Writer) error {
	_, err := io.WriteString(w, Magic)
	return err
}

// ReadMagic refuses another protocol, or another version of this one.
func ReadMagic(r io.Reader) error {
	b := make([]byte, len(Magic))
	if _, err := io.ReadFull(r, b); err != nil {
		return err
	}
	if string(b) != Magic {
		return fmt.Errorf("%w: %q, want protocol %q", ErrFrame, b, Magic)
	}
	return nil
}
