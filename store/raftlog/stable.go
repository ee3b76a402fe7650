package raftlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"rpp-node/store"
)

// The keys that hashicorp/raft writes.
const (
	keyCurrentTerm = "CurrentTerm"
	keyVoteTerm    = "LastVoteTerm"
	keyVoteCand    = "LastVoteCand"
)

const (
	stableVersion     = 1
	stableHeaderBytes = 4
)

// stable is the term and the vote.
type stable struct {
	db *store.DB

	mu       sync.Mutex
	voteTerm []byte // guarded by mu: the term of a vote whose candidate has not come yet
}

func stableKey(name []byte) []byte {
	return append([]byte{store.KeyspaceRaftStable}, name...)
}

// encodeStable binds the value to its name.
func encodeStable(name, value []byte) []byte {
	b := make([]byte, 0, stableHeaderBytes+len(value)+checksumBytes)
	b = append(b, stableVersion, 0, 0, 0)
	b = append(b, value...)
	return binary.LittleEndian.AppendUint32(b, checksum(name, b))
}

func decodeStable(name, b []byte) ([]byte, error) {
	if len(b) < stableHeaderBytes+checksumBytes || len(b) > stableHeaderBytes+MaxStableValueBytes+checksumBytes {
		return nil, fmt.Errorf("%w: stable value %q: length", store.ErrCorrupt, name)
	}
	body := b[:len(b)-checksumBytes]
	if binary.LittleEndian.Uint32(b[len(body):]) != checksum(name, body) {
		return nil, fmt.Errorf("%w: stable value %q: checksum", store.ErrCorrupt, name)
	}
	if b[0] != stableVersion {
		return nil, fmt.Errorf("%w: stable value %q has version %d; this release reads %d", store.ErrVersion, name, b[0], stableVersion)
	}
	if b[1] != 0 || b[2] != 0 || b[3] != 0 {
		return nil, fmt.Errorf("%w: stable value %q: reserved bytes", store.ErrCorrupt, name)
	}
	return body[stableHeaderBytes:], nil
}

// check reads every value once.
func (s *stable) check() error {
	lower, upper := store.KeyspaceBounds(store.KeyspaceRaftStable)
	return s.db.Scan(lower, upper, func(key, value []byte) error {
		_, err := decodeStable(key[1:], value)
		return err
	})
}

// Set writes a value. The candidate of a vote is written with its term, in one synced
// batch.
func (s *stable) Set(key, value []byte) error {
	b := s.db.NewBatch()
	if string(key) == keyVoteCand {
		term := s.takeVoteTerm()
		if term == nil {
			return ErrVote
		}
		b.Set(stableKey([]byte(keyVoteTerm)), encodeStable([]byte(keyVoteTerm), term))
	}
	if len(key) > MaxStableKeyBytes || len(value) > MaxStableValueBytes {
		return fmt.Errorf("%w: stable value %.64q of %d bytes", store.ErrTooLarge, key, len(value))
	}
	b.Set(stableKey(key), encodeStable(key, value))
	return b.Commit(true)
}

func (s *stable) takeVoteTerm() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	term := s.voteTerm
	s.voteTerm = nil
	return term
}

// Get reads a value; nil if it is not there.
func (s *stable) Get(key []byte) ([]byte, error) {
	v, err := s.db.Get(stableKey(key))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return decodeStable(key, v)
}

// SetUint64 writes a number. The term of a vote waits for the candidate.
func (s *stable) SetUint64(key []byte, value uint64) error {
	b := binary.LittleEndian.AppendUint64(nil, value)
	if string(key) == keyVoteTerm {
		s.mu.Lock()
		s.voteTerm = b
		s.mu.Unlock()
		return nil
	}
	err := s.Set(key, b)
	if string(key) == keyCurrentTerm && errors.Is(err, store.ErrFailed) {
		return nil // doc.go says why
	}
	return err
}

// GetUint64 reads a number; 0 if it is not there.
func (s *stable) GetUint64(key []byte) (uint64, error) {
	v, err := s.Get(key)
	if err != nil || v == nil {
		return 0, err
	}
	if len(v) != 8 {
		return 0, fmt.Errorf("%w: stable value %q has %d bytes instead of 8", store.ErrCorrupt, key, len(v))
	}
	return binary.LittleEndian.Uint64(v), nil
}
