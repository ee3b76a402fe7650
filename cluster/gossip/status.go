package gossip

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// NodeStatus is what a node says of itself beyond its Meta. It reaches the others by push
// and pull, in tens of seconds.
type NodeStatus struct {
	ID       ID
	Sequence uint64 // grows; the newest wins
	AtMS     uint64 // when the node wrote it, by its own clock, since 1970
	Payload  []byte // at most StatusBytesMax; this package does not look inside
}

const (
	stateVersion     = 1
	stateHeaderBytes = 1 + 4
	statusFixedBytes = 32 + 8 + 8 + 4
)

// ErrState is wrapped by every error about what a peer pushed.
var ErrState = errors.New("gossip: bad state")

// encodeState writes statuses in the order of their ids.
func encodeState(list []NodeStatus) []byte {
	slices.SortFunc(list, func(a, b NodeStatus) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	size := stateHeaderBytes
	for _, s := range list {
		size += statusFixedBytes + len(s.Payload)
	}
	le := binary.LittleEndian
	b := make([]byte, 0, size)
	b = append(b, stateVersion)
	b = le.AppendUint32(b, uint32(len(list)))
	for _, s := range list {
		b = append(b, s.ID[:]...)
		b = le.AppendUint64(b, s.Sequence)
		b = le.AppendUint64(b, s.AtMS)
		b = le.AppendUint32(b, uint32(len(s.Payload)))
		b = append(b, s.Payload...)
	}
	return b
}

// decodeState reads exactly what encodeState writes. Payloads are copied.
func decodeState(b []byte) ([]NodeStatus, error) {
	switch {
	case len(b) > StateBytesMax:
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrState, len(b), StateBytesMax)
	case len(b) < stateHeaderBytes:
		return nil, fmt.Errorf("%w: ends early", ErrState)
	case b[0] != stateVersion:
		return nil, fmt.Errorf("%w: version %d, this release reads %d", ErrState, b[0], stateVersion)
	}
	le := binary.LittleEndian
	count := le.Uint32(b[1:])
	b = b[stateHeaderBytes:]
	if count > MemberCountMax {
		return nil, fmt.Errorf("%w: %d nodes, at most %d", ErrState, count, MemberCountMax)
	}
	if uint64(len(b)) < uint64(count)*statusFixedBytes {
		return nil, fmt.Errorf("%w: ends early", ErrState)
	}
	list := make([]NodeStatus, 0, count)
	for i := range int(count) {
		if len(b) < statusFixedBytes {
			return nil, fmt.Errorf("%w: ends early", ErrState)
		}
		var s NodeStatus
		copy(s.ID[:], b)
		s.Sequence, s.AtMS = le.Uint64(b[32:]), le.Uint64(b[40:])
		n := le.Uint32(b[48:])
		b = b[statusFixedBytes:]
		switch {
		case i > 0 && bytes.Compare(list[i-1].ID[:], s.ID[:]) >= 0:
			return nil, fmt.Errorf("%w: ids do not ascend", ErrState)
		case s.Sequence > sequenceMax:
			return nil, fmt.Errorf("%w: sequence %d", ErrState, s.Sequence)
		case n > StatusBytesMax:
			return nil, fmt.Errorf("%w: a payload of %d bytes, at most %d", ErrState, n, StatusBytesMax)
		case uint64(len(b)) < uint64(n):
			return nil, fmt.Errorf("%w: ends early", ErrState)
		}
		s.Payload, b = bytes.Clone(b[:n]), b[n:]
		list = append(list, s)
	}
	if len(b) > 0 {
		return nil, fmt.Errorf("%w: %d bytes too many", ErrState, len(b))
	}
	return list, nil
}
