package raftlog

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"time"

	"github.com/hashicorp/raft"

	"rpp-node/store"
)

// The layout of an entry; docs/formats/raftlog.md draws it.
const (
	entryVersion     = 1
	entryHeaderBytes = 40
	checksumBytes    = 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(parts ...[]byte) uint32 {
	var sum uint32
	for _, p := range parts {
		sum = crc32.Update(sum, castagnoli, p)
	}
	return sum
}

// appendEntry appends the encoding of an entry to b.
func appendEntry(b []byte, l *raft.Log) ([]byte, error) {
	switch {
	case l.Index == 0 || l.Index == math.MaxUint64:
		return b, fmt.Errorf("%w: index %d", ErrEntry, l.Index)
	case l.Type > raft.LogConfiguration:
		return b, fmt.Errorf("%w: type %d", ErrEntry, l.Type)
	case len(l.Data) > MaxDataBytes:
		return b, fmt.Errorf("%w: entry with %d bytes of data, at most %d", store.ErrTooLarge, len(l.Data), MaxDataBytes)
	case len(l.Extensions) > MaxExtensionsBytes:
		return b, fmt.Errorf("%w: entry with %d bytes of extensions, at most %d", store.ErrTooLarge, len(l.Extensions), MaxExtensionsBytes)
	}
	start := len(b)
	b = append(b, entryVersion, byte(l.Type), 0, 0)
	b = binary.LittleEndian.AppendUint32(b, uint32(l.AppendedAt.Nanosecond()))
	b = binary.LittleEndian.AppendUint64(b, uint64(l.AppendedAt.Unix()))
	b = binary.LittleEndian.AppendUint64(b, l.Index)
	b = binary.LittleEndian.AppendUint64(b, l.Term)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(l.Data)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(l.Extensions)))
	b = append(b, l.Data...)
	b = append(b, l.Extensions...)
	return binary.LittleEndian.AppendUint32(b, checksum(b[start:])), nil
}

// decodeEntry fills l, in memory of its own. The entry has to be the one of the index that
// it was found under.
func decodeEntry(b []byte, index uint64, l *raft.Log) error {
	bad := func(what string) error {
		return fmt.Errorf("%w: entry %d: %s", store.ErrCorrupt, index, what)
	}
	if len(b) < entryHeaderBytes+checksumBytes || len(b) > MaxEntryBytes {
		return bad("length")
	}
	body := b[:len(b)-checksumBytes]
	if binary.LittleEndian.Uint32(b[len(body):]) != checksum(body) {
		return bad("checksum")
	}
	if b[0] != entryVersion {
		return fmt.Errorf("%w: entry %d has version %d; this release reads %d", store.ErrVersion, index, b[0], entryVersion)
	}
	nanos := binary.LittleEndian.Uint32(b[4:])
	dataBytes := uint64(binary.LittleEndian.Uint32(b[32:]))
	extBytes := uint64(binary.LittleEndian.Uint32(b[36:]))
	switch {
	case raft.LogType(b[1]) > raft.LogConfiguration:
		return bad("type")
	case b[2] != 0 || b[3] != 0:
		return bad("reserved bytes")
	case nanos >= 1e9:
		return bad("time")
	case dataBytes > MaxDataBytes || extBytes > MaxExtensionsBytes || dataBytes+extBytes != uint64(len(body)-entryHeaderBytes):
		return bad("lengths")
	case binary.LittleEndian.Uint64(b[16:]) != index:
		return bad("index")
	}
	*l = raft.Log{
		Index:      index,
		Term:       binary.LittleEndian.Uint64(b[24:]),
		Type:       raft.LogType(b[1]),
		AppendedAt: time.Unix(int64(binary.LittleEndian.Uint64(b[8:])), int64(nanos)).UTC(),
	}
	payload := append([]byte(nil), body[entryHeaderBytes:]...)
	if dataBytes > 0 {
		l.Data = payload[:dataBytes:dataBytes]
	}
	if extBytes > 0 {
		l.Extensions = payload[dataBytes:]
	}
	return nil
}
