package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"

	"connectrpc.com/connect"
	"github.com/zeebo/blake3"

	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/node"
)

// Sizes of backups.
const (
	maxBackupBytes    = 256 << 20
	backupChunkBytes  = 256 << 10
	backupDigestBytes = 32
)

// backupCmd writes the replicated state to a file.
type backupCmd struct {
	callFlags
	Out string `short:"o" help:"File to write." required:""`
}

func (c *backupCmd) Help() string {
	return "The file holds jobs, members, keys' fingerprints and releases, not witnesses, proofs or private keys. Its digest is\n" +
		"checked before it is written.\n\nExample:\n  rpp-node cluster backup -o cluster.backup --data a"
}

// backupResult is what backup and restore print.
type backupResult struct {
	File   string `json:"file"`
	Bytes  int    `json:"bytes"`
	Digest string `json:"digest"`
	Index  uint64 `json:"index,omitempty"`
	Jobs   uint32 `json:"jobs,omitempty"`
}

func (c *backupCmd) Run(e *env) error {
	return c.patiently(func(ctx context.Context, to *node.Caller) error {
		b, digest, err := fetchBackup(ctx, to)
		if err != nil {
			return err
		}
		if sum := blake3.Sum256(b); !bytes.Equal(sum[:], digest) {
			return fault.New(fault.CodeBackup, "the backup is not what its digest says: it was damaged on the way")
		}
		if err := writeFile(c.Out, b); err != nil {
			return err
		}
		r := backupResult{File: c.Out, Bytes: len(b), Digest: hex.EncodeToString(digest)}
		if c.JSON {
			return writeJSON(e.out, &r)
		}
		_, err = fmt.Fprintf(e.out, "wrote %s: %d bytes, digest %s\n", r.File, r.Bytes, r.Digest)
		return err
	})
}

func fetchBackup(ctx context.Context, from *node.Caller) (b, digest []byte, err error) {
	stream, err := from.Cluster.Backup(ctx, connect.NewRequest(&rppv1.BackupRequest{}))
	if err != nil {
		return nil, nil, err
	}
	defer stream.Close()
	for stream.Receive() {
		m := stream.Msg()
		if len(b)+len(m.Data) > maxBackupBytes {
			return nil, nil, fault.New(fault.CodeTooBig, "a backup of more than %d bytes", maxBackupBytes)
		}
		b, digest = append(b, m.Data...), m.Digest
	}
	if err := stream.Err(); err != nil {
		return nil, nil, err
	}
	if len(digest) != backupDigestBytes {
		return nil, nil, fault.New(fault.CodeUnreachable, "the backup ended early")
	}
	return b, digest, nil
}

// restoreCmd puts a backup in place of the replicated state.
type restoreCmd struct {
	callFlags
	File string `arg:"" help:"File of 'cluster backup'."`
	Yes  bool   `help:"Do it: whatever happened after the backup is forgotten."`
}

func (c *restoreCmd) Help() string {
	return "Example:\n  rpp-node cluster restore cluster.backup --yes --data a"
}

func (c *restoreCmd) Run(e *env) error {
	if !c.Yes {
		return usageError{fmt.Errorf("restore forgets whatever happened after the backup: say --yes if that is wanted")}
	}
	b, err := readFile(c.File, maxBackupBytes)
	if err != nil {
		return err
	}
	return c.patiently(func(ctx context.Context, to *node.Caller) error {
		digest := blake3.Sum256(b)
		resp, err := sendBackup(ctx, to, b, digest[:])
		if err != nil {
			return err
		}
		r := backupResult{File: c.File, Bytes: len(b), Digest: hex.EncodeToString(digest[:]), Index: resp.Index, Jobs: resp.Jobs}
		if c.JSON {
			return writeJSON(e.out, &r)
		}
		_, err = fmt.Fprintf(e.out, "restored %s: %d jobs, applied up to index %d\n", r.File, r.Jobs, r.Index)
		return err
	})
}

func sendBackup(ctx context.Context, to *node.Caller, b, digest []byte) (*rppv1.RestoreResponse, error) {
	stream := to.Cluster.Restore(ctx)
	m := &rppv1.RestoreRequest{Digest: digest, Size: uint64(len(b))}
	for first := true; first || len(b) > 0; first = false {
		n := min(len(b), backupChunkBytes)
		m.Data, b = b[:n], b[n:]
		if err := stream.Send(m); err != nil {
			break // why is told on closing
		}
		m = &rppv1.RestoreRequest{}
	}
	resp, err := stream.CloseAndReceive()
	if err != nil {
		return nil, err
	}
	return resp.Msg, nil
}
