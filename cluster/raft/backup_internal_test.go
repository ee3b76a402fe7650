package raft

import (
	"bytes"
	"testing"

	"github.com/zeebo/blake3"
)

// FuzzReadBackup: no input makes the reader panic, and what it accepts is as long as it
// says. Inputs are tried with a fresh digest too, which the fuzzer would never find.
func FuzzReadBackup(f *testing.F) {
	f.Add([]byte("RPPRAFTB\x01\x00\x00\x00AAAAAAAABBBBBBBB\x02\x00\x00\x00\x00\x00\x00\x00xy"))
	f.Add([]byte(backupMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		d := blake3.Sum256(b)
		for _, b := range [][]byte{b, append(bytes.Clone(b), d[:]...)} {
			meta, state, err := readBackup(bytes.NewReader(b))
			if err == nil && (int64(len(state)) != meta.Size || len(b) != backupHeaderBytes+len(state)+32) {
				t.Errorf("%x: %d bytes of state, %d announced", b, len(state), meta.Size)
			}
		}
	})
}
