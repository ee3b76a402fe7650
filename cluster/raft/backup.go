package raft

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	hraft "github.com/hashicorp/raft"
	"github.com/zeebo/blake3"

	"rpp-node/cluster/fault"
)

const (
	backupMagic       = "RPPRAFTB"
	backupVersion     = 1
	backupHeaderBytes = len(backupMagic) + 4 + 8 + 8 + 8
)

// Snapshot writes the Machine's state to the snapshot store now, whatever the threshold, and
// returns the index that it holds and its size.
func (n *Node) Snapshot(ctx context.Context) (index uint64, sizeBytes int64, err error) {
	meta, r, err := n.snapshot(ctx)
	if err != nil {
		return 0, 0, err
	}
	return meta.Index, meta.Size, r.Close()
}

func (n *Node) snapshot(ctx context.Context) (*hraft.SnapshotMeta, io.ReadCloser, error) {
	type opened struct {
		meta *hraft.SnapshotMeta
		r    io.ReadCloser
	}
	a, err := n.ask(ctx, false, func() answer {
		var o opened
		f := n.raft.Snapshot()
		err := f.Error()
		switch {
		case err == nil:
			o.meta, o.r, err = f.Open()
		case errors.Is(err, hraft.ErrNothingNewToSnapshot):
			// Nothing was applied since the start: the newest snapshot is the state.
			o.meta, o.r, err = n.newest()
		}
		return answer{value: o, err: err}
	})
	if err != nil {
		return nil, nil, err
	}
	o := a.value.(opened)
	return o.meta, o.r, nil
}

func (n *Node) newest() (*hraft.SnapshotMeta, io.ReadCloser, error) {
	list, err := n.conf.Snapshots.List()
	if err != nil {
		return nil, nil, err
	}
	if len(list) == 0 {
		return nil, nil, ErrNothing
	}
	return n.conf.Snapshots.Open(list[0].ID)
}

// Backup writes the state as a file that Restore reads: docs/formats/raft-backup.md.
func (n *Node) Backup(ctx context.Context, w io.Writer) (index uint64, err error) {
	meta, r, err := n.snapshot(ctx)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	head := []byte(backupMagic)
	head = binary.LittleEndian.AppendUint32(head, backupVersion)
	head = binary.LittleEndian.AppendUint64(head, meta.Index)
	head = binary.LittleEndian.AppendUint64(head, meta.Term)
	head = binary.LittleEndian.AppendUint64(head, uint64(meta.Size))
	h := blake3.New()
	both := io.MultiWriter(w, h)
	if _, err := both.Write(head); err != nil {
		return 0, err
	}
	switch size, err := io.Copy(both, io.LimitReader(r, meta.Size+1)); {
	case err != nil:
		return 0, err
	case size != meta.Size:
		return 0, fault.New(fault.CodeCorrupt, "raft: a snapshot of %d bytes instead of %d", size, meta.Size)
	}
	_, err = w.Write(h.Sum(nil))
	return meta.Index, err
}

// Restore replaces the state of the whole cluster by a backup's. The members stay those of
// this cluster. Leader only, and meant for a fresh cluster: whatever is in flight is
// ErrUncertain.
func (n *Node) Restore(ctx context.Context, r io.Reader) error {
	if n.State() != Leader {
		return n.notLeader()
	}
	meta, state, err := readBackup(r)
	if err != nil {
		return fault.New(fault.CodeBackup, "%w", err)
	}
	if n.conf.CheckBackup != nil {
		if err := n.conf.CheckBackup(bytes.NewReader(state)); err != nil {
			return fault.New(fault.CodeBackup, "%w", fmt.Errorf("%w: %w", ErrBackup, err))
		}
	}
	_, err = n.ask(ctx, true, func() answer {
		return answer{err: n.raft.Restore(meta, bytes.NewReader(state), untilDeadline(ctx)), proposed: true}
	})
	return err
}

// readBackup reads a whole file and checks it before anything is touched.
func readBackup(r io.Reader) (*hraft.SnapshotMeta, []byte, error) {
	head := make([]byte, backupHeaderBytes)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, nil, fmt.Errorf("%w: header: %w", ErrBackup, err)
	}
	if string(head[:len(backupMagic)]) != backupMagic {
		return nil, nil, fmt.Errorf("%w: magic: not a backup", ErrBackup)
	}
	b := head[len(backupMagic):]
	if v := binary.LittleEndian.Uint32(b); v != backupVersion {
		return nil, nil, fmt.Errorf("%w: version: %d, this release reads %d", ErrBackup, v, backupVersion)
	}
	index, term, size := binary.LittleEndian.Uint64(b[4:]), binary.LittleEndian.Uint64(b[12:]), binary.LittleEndian.Uint64(b[20:])
	if size > SnapshotBytesMax {
		return nil, nil, fmt.Errorf("%w: size: %d bytes, at most %d", ErrBackup, size, SnapshotBytesMax)
	}
	// What is read grows with what is there, not with what the header says.
	rest, err := io.ReadAll(io.LimitReader(r, int64(size)+blake3Bytes+1))
	if err != nil {
		return nil, nil, fmt.Errorf("%w: state: %w", ErrBackup, err)
	}
	if uint64(len(rest)) != size+blake3Bytes {
		return nil, nil, fmt.Errorf("%w: state: %d bytes and a digest expected, %d bytes found", ErrBackup, size, len(rest))
	}
	state := rest[:size]
	h := blake3.New()
	_, _ = h.Write(head)
	_, _ = h.Write(state)
	if !bytes.Equal(h.Sum(nil), rest[size:]) {
		return nil, nil, fmt.Errorf("%w: digest: the file is damaged", ErrBackup)
	}
	return &hraft.SnapshotMeta{Version: hraft.SnapshotVersionMax, Index: index, Term: term, Size: int64(size)}, state, nil
}

const blake3Bytes = 32
