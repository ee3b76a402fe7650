package keys

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/prover/key"
	"rpp-node/store/artifact"
	"rpp-node/store/keycache"
	"rpp-node/store/keycache/lru"
)

// Registry tells which keys the cluster has agreed on: a voter reads its state machine, a
// worker what a voter told it.
type Registry interface {
	// Keys lists those that a node should hold.
	Keys() []fsm.Key
}

// Peers reads artifacts that other nodes hold.
type Peers interface {
	Chunk(ctx context.Context, blob [32]byte, index int) (data []byte, count int, size int64, err error)
}

// Observer is told of hits and misses, for metrics. Its methods must not block.
type Observer interface {
	Hit(family string)
	Miss(family string)
	Evicted(family string)
}

// Config is what a Cache is made of.
type Config struct {
	Index    *keycache.Cache
	Blobs    *artifact.Store
	Registry Registry
	Peers    Peers
	Observer Observer
	Log      *slog.Logger
	// Workers is how many threads may derive.
	Workers int
}

// Cache is the node's keys. It is safe for concurrent use.
type Cache struct {
	cfg     Config
	decoded *lru.Cache[fsm.Digest, *key.Verifying]
	flights flights
	kick    chan struct{}
}

// New makes a cache over what the store has.
func New(cfg Config) *Cache {
	return &Cache{
		cfg: cfg, kick: make(chan struct{}, 1),
		decoded: lru.New(lru.Options[fsm.Digest, *key.Verifying]{CapacityBytes: decodedBytes}),
	}
}

// Verifying returns the verifying key of a fingerprint, from memory, the store or a peer.
func (c *Cache) Verifying(ctx context.Context, fingerprint fsm.Digest) (*key.Verifying, error) {
	vk, release, err := c.decoded.Acquire(ctx, fingerprint, func(ctx context.Context) (*key.Verifying, int64, error) {
		b, err := c.blob(ctx, fingerprint, keycache.Verifying)
		if err != nil {
			return nil, 0, err
		}
		vk, err := key.Decode(b)
		if err == nil && fsm.Digest(vk.Fingerprint()) != fingerprint {
			err = errors.New("it has another fingerprint")
		}
		if err != nil {
			return nil, 0, fault.New(fault.CodeCorrupt, "verifying key %s: %w", fingerprint, err)
		}
		return vk, decodedFactor * int64(len(b)), nil
	})
	if err != nil {
		return nil, err
	}
	release() // a verifying key lies in the Go heap: what was handed out stays
	return vk, nil
}

// Proving returns the bytes of the proving key of a fingerprint.
func (c *Cache) Proving(ctx context.Context, fingerprint fsm.Digest) ([]byte, error) {
	return c.blob(ctx, fingerprint, keycache.Proving)
}

// blob reads a key's bytes, pulling the key if this node lacks it.
func (c *Cache) blob(ctx context.Context, fingerprint fsm.Digest, kind keycache.Kind) ([]byte, error) {
	b, err := c.stored(fingerprint, kind)
	if err == nil {
		return b, nil
	}
	if !missing(err) {
		return nil, err
	}
	k, ok := c.registered(fingerprint)
	if !ok {
		return nil, fault.New(fault.CodeKeyMissing, "key %s is not one of the cluster's", fingerprint)
	}
	if err := c.pull(ctx, k); err != nil {
		return nil, err
	}
	return c.stored(fingerprint, kind)
}

// stored reads a key's bytes from the store.
func (c *Cache) stored(fingerprint fsm.Digest, kind keycache.Kind) ([]byte, error) {
	e, err := c.cfg.Index.ByFingerprint(keycache.Fingerprint(fingerprint), kind)
	if err != nil {
		return nil, err
	}
	b, err := c.cfg.Index.Get(e)
	if err == nil {
		c.cfg.Observer.Hit(e.Family)
	} else {
		c.cfg.Observer.Miss(e.Family)
	}
	return b, err
}

// missing says whether an error means that the key has to be got again.
func missing(err error) bool {
	return errors.Is(err, keycache.ErrNotFound) || errors.Is(err, keycache.ErrCorrupt)
}

func (c *Cache) registered(fingerprint fsm.Digest) (fsm.Key, bool) {
	for _, k := range c.cfg.Registry.Keys() {
		if k.Fingerprint == fingerprint {
			return k, true
		}
	}
	return fsm.Key{}, false
}

// Holds says whether the node has both blobs of a key.
func (c *Cache) Holds(k fsm.Key) bool {
	for _, b := range blobsOf(k) {
		e, err := c.cfg.Index.ByFingerprint(keycache.Fingerprint(k.Fingerprint), b.kind)
		if err != nil || fsm.Digest(e.Blob) != b.digest {
			return false
		}
	}
	return true
}

// Held lists the registered keys that the node has.
func (c *Cache) Held() []fsm.Digest {
	var list []fsm.Digest
	for _, k := range c.cfg.Registry.Keys() {
		if c.Holds(k) {
			list = append(list, k.Fingerprint)
		}
	}
	return list
}

// Size counts the keys that are there, and their bytes.
func (c *Cache) Size() (count int, bytes int64, err error) {
	entries, err := c.cfg.Index.List()
	for _, e := range entries {
		bytes += e.SizeBytes
	}
	return len(entries), bytes, err
}

// Kick has Follow look now: the registry has changed.
func (c *Cache) Kick() {
	select {
	case c.kick <- struct{}{}:
	default:
	}
}

// Follow pulls what the node lacks, until ctx ends. It also looks when nobody kicked, so
// that a key that was found damaged comes back.
func (c *Cache) Follow(ctx context.Context) {
	for {
		pause := followPause
		for _, k := range c.cfg.Registry.Keys() {
			if ctx.Err() != nil {
				return
			}
			if c.Holds(k) {
				continue
			}
			if err := c.pull(ctx, k); err != nil {
				c.cfg.Log.Warn("key not pulled", "target", "plonky3", "key", k.VariantID, "fingerprint", k.Fingerprint, "error", err)
				pause = retryPause
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-c.kick:
		case <-time.After(pause):
		}
	}
}
