package keys

import (
	"context"
	"fmt"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/prover/key"
	"rpp-node/store/artifact"
	"rpp-node/store/keycache"
)

// blob is one of a key's two.
type blob struct {
	kind   keycache.Kind
	digest fsm.Digest
	bytes  uint64
}

func blobsOf(k fsm.Key) [2]blob {
	return [2]blob{
		{keycache.Verifying, k.VerifyingBlob, k.VerifyingBytes},
		{keycache.Proving, k.ProvingBlob, k.ProvingBytes},
	}
}

func entryOf(k fsm.Key, b blob) keycache.Entry {
	return keycache.Entry{
		Name:        keycache.Name{Family: k.Family, Variant: k.Variant, Profile: k.Profile, Hash: k.Hash, Kind: b.kind},
		Fingerprint: keycache.Fingerprint(k.Fingerprint), Blob: artifact.Digest(b.digest), SizeBytes: int64(b.bytes),
	}
}

// pull gets both blobs of a key from the peers. Callers who want the same key wait for the
// first.
func (c *Cache) pull(ctx context.Context, k fsm.Key) error {
	return c.flights.do(ctx, "pull "+k.Fingerprint.String(), func(ctx context.Context) error {
		for _, b := range blobsOf(k) {
			if e, err := c.cfg.Index.ByFingerprint(keycache.Fingerprint(k.Fingerprint), b.kind); err == nil && fsm.Digest(e.Blob) == b.digest {
				continue
			}
			c.cfg.Observer.Miss(k.Family)
			if err := c.pullBlob(ctx, b); err != nil {
				return fmt.Errorf("%s key of %s: %w", kindName(b.kind), k.VariantID, err)
			}
			if b.kind == keycache.Verifying {
				if err := c.checkVerifying(k, b); err != nil {
					return err
				}
			}
			if err := c.cfg.Index.Add(entryOf(k, b)); err != nil {
				return err
			}
		}
		c.cfg.Log.Info("key pulled", "target", "plonky3", "key", k.VariantID, "fingerprint", k.Fingerprint, "epoch", k.Epoch)
		return nil
	})
}

func kindName(k keycache.Kind) string {
	if k == keycache.Verifying {
		return "verifying"
	}
	return "proving"
}

// pullBlob gets one blob, unless its bytes are there already.
func (c *Cache) pullBlob(ctx context.Context, b blob) error {
	if have, err := c.cfg.Blobs.Has(artifact.Digest(b.digest)); err != nil || have {
		return err
	}
	w, err := c.cfg.Blobs.NewWriter(artifact.Key, artifact.Digest(b.digest), int64(b.bytes))
	if err != nil {
		return err
	}
	defer w.Abort()
	for i := range w.ChunkCount() {
		data, count, size, err := c.cfg.Peers.Chunk(ctx, b.digest, i)
		if err != nil {
			return err
		}
		if count != w.ChunkCount() || size != int64(b.bytes) {
			return fault.New(fault.CodeCorrupt, "a peer says that blob %s has %d bytes in %d chunks, the cluster agreed on %d bytes", b.digest, size, count, b.bytes)
		}
		if err := w.WriteChunk(i, data); err != nil {
			return err
		}
	}
	return w.Commit()
}

// checkVerifying compares a verifying key with the fingerprint that it was registered
// under.
func (c *Cache) checkVerifying(k fsm.Key, b blob) error {
	data, err := c.cfg.Blobs.Get(artifact.Digest(b.digest))
	if err != nil {
		return err
	}
	vk, err := key.Decode(data)
	if err != nil {
		return fault.New(fault.CodeKeyChanged, "the cluster's verifying key of %s cannot be read by this release: %w", k.VariantID, err)
	}
	if got := fsm.Digest(vk.Fingerprint()); got != k.Fingerprint {
		return fault.New(fault.CodeCorrupt, "the verifying key of %s has fingerprint %s, the cluster agreed on %s", k.VariantID, got, k.Fingerprint)
	}
	return nil
}
