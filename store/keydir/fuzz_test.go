package keydir

import (
	"bytes"
	"errors"
	"testing"
)

// FuzzHeader: nothing panics, every refusal is a typed error, and an accepted file is the
// encoding of what was read from it.
func FuzzHeader(f *testing.F) {
	good := encode(sample, sampleFingerprint, sampleBlob)
	f.Add(good)
	f.Add(good[:headBytes])
	f.Add([]byte{})
	newer := bytes.Clone(good)
	newer[offsetVersion], newer[offsetVersion+1] = 2, 0xfd
	f.Add(newer)
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, file := range [][]byte{b, resealed(b)} {
			r := bytes.NewReader(file)
			h, err := readHeader(r, int64(len(file)), MaxBlobBytes)
			var blob []byte
			if err == nil {
				blob, err = h.readBlob(r)
			}
			switch {
			case err == nil:
				if !bytes.Equal(encode(h.name, h.fingerprint, blob), file) {
					t.Errorf("another encoding of %s", h.name)
				}
			case !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrVersion) && !errors.Is(err, ErrTooLarge):
				t.Errorf("untyped error: %v", err)
			}
		}
	})
}

// resealed lets the fuzzer past the digest.
func resealed(b []byte) []byte {
	if len(b) < headBytes {
		return b
	}
	return reseal(bytes.Clone(b))
}
