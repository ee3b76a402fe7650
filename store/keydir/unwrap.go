package keydir

import (
	"bytes"
	"fmt"
)

// Unwrap reads a key file that has left its folder, whatever it is called now, and checks
// every byte of it.
func Unwrap(file []byte) (Entry, error) {
	r := bytes.NewReader(file)
	h, err := readHeader(r, int64(len(file)), MaxBlobBytes)
	if err != nil {
		return Entry{}, fmt.Errorf("keydir: %w", err)
	}
	blob, err := h.readBlob(r)
	if err != nil {
		return Entry{}, fmt.Errorf("keydir: %w", err)
	}
	return Entry{h.name, h.fingerprint, blob}, nil
}
