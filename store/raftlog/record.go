package raftlog

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/hashicorp/raft"

	"rpp-node/store"
)

// The layout of a snapshot's record; docs/formats/raftlog.md draws it.
const (
	recordVersion     = 1
	recordHeaderBytes = 80
	serverHeaderBytes = 3
	recordBytesMax    = recordHeaderBytes + MaxServerCount*(serverHeaderBytes+2*MaxServerBytes) + checksumBytes
)

// record is what makes a snapshot complete.
type record struct {
	seq    uint64 // its place in the store
	meta   raft.SnapshotMeta
	digest [32]byte // BLAKE3-256 of the data
}

// metaCopy shares nothing with the record: raft keeps and changes configurations.
func (r record) metaCopy() *raft.SnapshotMeta {
	m := r.meta
	m.Configuration = m.Configuration.Clone()
	return &m
}

// chunkCount is how many chunks the data has.
func (r record) chunkCount() uint32 {
	return uint32((r.meta.Size + chunkBytes - 1) / chunkBytes)
}

// check refuses what the layout has no room for.
func (r record) check() error {
	m := r.meta
	switch {
	case m.Version != raft.SnapshotVersionMax:
		return fmt.Errorf("%w: version %d of raft's metadata", ErrSnapshot, m.Version)
	case m.Index == 0 || m.Index == math.MaxUint64 || m.Term == 0:
		return fmt.Errorf("%w: index %d, term %d", ErrSnapshot, m.Index, m.Term)
	case len(m.Configuration.Servers) > MaxServerCount:
		return fmt.Errorf("%w: configuration of %d servers, at most %d", store.ErrTooLarge, len(m.Configuration.Servers), MaxServerCount)
	}
	for _, s := range m.Configuration.Servers {
		if len(s.ID) > MaxServerBytes || len(s.Address) > MaxServerBytes {
			return fmt.Errorf("%w: server %.64q at %.64q; a name has at most %d bytes", store.ErrTooLarge, s.ID, s.Address, MaxServerBytes)
		}
		if s.Suffrage > raft.Staging {
			return fmt.Errorf("%w: suffrage %d", ErrSnapshot, s.Suffrage)
		}
	}
	return nil
}

func (r record) encode() []byte {
	b := make([]byte, 0, recordHeaderBytes)
	b = append(b, recordVersion, byte(r.meta.Version))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(r.meta.Configuration.Servers)))
	b = binary.LittleEndian.AppendUint32(b, chunkBytes)
	b = binary.LittleEndian.AppendUint64(b, r.seq)
	b = binary.LittleEndian.AppendUint64(b, r.meta.Index)
	b = binary.LittleEndian.AppendUint64(b, r.meta.Term)
	b = binary.LittleEndian.AppendUint64(b, r.meta.ConfigurationIndex)
	b = binary.LittleEndian.AppendUint64(b, uint64(r.meta.Size))
	b = append(b, r.digest[:]...)
	for _, s := range r.meta.Configuration.Servers {
		b = append(b, byte(s.Suffrage), byte(len(s.ID)), byte(len(s.Address)))
		b = append(b, s.ID...)
		b = append(b, s.Address...)
	}
	return binary.LittleEndian.AppendUint32(b, checksum(b))
}

func decodeRecord(b []byte, seq uint64) (record, error) {
	bad := func(what string) (record, error) {
		return record{}, fmt.Errorf("%w: record of snapshot %d: %s", store.ErrCorrupt, seq, what)
	}
	if len(b) < recordHeaderBytes+checksumBytes || len(b) > recordBytesMax {
		return bad("length")
	}
	body := b[:len(b)-checksumBytes]
	if binary.LittleEndian.Uint32(b[len(body):]) != checksum(body) {
		return bad("checksum")
	}
	if b[0] != recordVersion {
		return record{}, fmt.Errorf("%w: snapshot %d has version %d; this release reads %d", store.ErrVersion, seq, b[0], recordVersion)
	}
	serverCount := int(binary.LittleEndian.Uint16(b[2:]))
	size := binary.LittleEndian.Uint64(b[40:])
	switch {
	case binary.LittleEndian.Uint32(b[4:]) != chunkBytes:
		return bad("size of chunks")
	case binary.LittleEndian.Uint64(b[8:]) != seq || seq == math.MaxUint64:
		return bad("sequence")
	case serverCount > MaxServerCount:
		return bad("count of servers")
	case size > MaxSnapshotBytes:
		return bad("size")
	}
	r := record{seq: seq, meta: raft.SnapshotMeta{
		Version:            raft.SnapshotVersion(b[1]),
		Index:              binary.LittleEndian.Uint64(b[16:]),
		Term:               binary.LittleEndian.Uint64(b[24:]),
		ConfigurationIndex: binary.LittleEndian.Uint64(b[32:]),
		Size:               int64(size),
	}}
	r.meta.ID = snapshotID(r.meta.Term, r.meta.Index, seq)
	copy(r.digest[:], b[48:])
	rest := body[recordHeaderBytes:]
	for range serverCount {
		if len(rest) < serverHeaderBytes || len(rest) < serverHeaderBytes+int(rest[1])+int(rest[2]) {
			return bad("servers")
		}
		id, end := serverHeaderBytes+int(rest[1]), serverHeaderBytes+int(rest[1])+int(rest[2])
		r.meta.Configuration.Servers = append(r.meta.Configuration.Servers, raft.Server{
			Suffrage: raft.ServerSuffrage(rest[0]),
			ID:       raft.ServerID(rest[serverHeaderBytes:id]),
			Address:  raft.ServerAddress(rest[id:end]),
		})
		rest = rest[end:]
	}
	if len(rest) != 0 {
		return bad("trailing bytes")
	}
	if err := r.check(); err != nil {
		return bad(err.Error())
	}
	return r, nil
}
