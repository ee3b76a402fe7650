package keydir

import (
	"bytes"
	"errors"
	"testing"
)

func TestUnwrap(t *testing.T) {
	mem := new(Mem)
	n := Name{"pruning", "block-16", "fast", "keccak", Verifying}
	if err := Open(mem, Limits{}).Put(n, [32]byte{7}, []byte("key")); err != nil {
		t.Fatal(err)
	}
	file, ok := mem.Content(n.File())
	if !ok {
		t.Fatal("nothing written")
	}
	e, err := Unwrap(file)
	if err != nil || e.Name != n || e.Fingerprint != [32]byte{7} || !bytes.Equal(e.Blob, []byte("key")) {
		t.Fatalf("%+v, %v", e, err)
	}
	for i := range file {
		bad := bytes.Clone(file)
		bad[i] ^= 1
		if _, err := Unwrap(bad); !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrVersion) {
			t.Fatalf("byte %d flipped: %v", i, err)
		}
		if _, err := Unwrap(file[:i]); err == nil {
			t.Fatalf("cut to %d bytes: accepted", i)
		}
	}
}
