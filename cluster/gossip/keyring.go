package gossip

import (
	"bytes"
	"errors"
	"sync"

	"github.com/hashicorp/memberlist"
	"github.com/zeebo/blake3"

	"rpp-node/cluster/fault"
)

// What can be wrong with a step of a rotation.
var (
	ErrKey        = errors.New("gossip: a key has 32 bytes")
	ErrNoKey      = errors.New("gossip: no such key in the ring")
	ErrPrimary    = errors.New("gossip: the key is in use")
	ErrKeyringMax = errors.New("gossip: the ring already holds two keys: remove the old one first")
)

// Keyring is the node's gossip keys. The first encrypts; all decrypt. A rotation installs
// the new key on every node, then uses it on every node, then removes the old one; the leader
// waits for all nodes between the steps. Each step may be repeated.
type Keyring struct {
	mu   sync.Mutex
	ring *memberlist.Keyring
}

func newKeyring(keys [][]byte) (*Keyring, error) {
	if len(keys) == 0 || len(keys) > KeyCountMax {
		return nil, fault.New(fault.CodeKeyring, "gossip: %d keys, 1 or %d are needed", len(keys), KeyCountMax)
	}
	var own [][]byte
	for _, k := range keys {
		if len(k) != KeyBytes {
			return nil, fault.New(fault.CodeKeyring, "%w, not %d", ErrKey, len(k))
		}
		own = append(own, bytes.Clone(k))
	}
	ring, err := memberlist.NewKeyring(own, own[0])
	return &Keyring{ring: ring}, err
}

// Install adds a key that decrypts.
func (k *Keyring) Install(key []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(key) != KeyBytes {
		return fault.New(fault.CodeKeyring, "%w, not %d", ErrKey, len(key))
	}
	if k.find(blake3.Sum256(key)) == nil && len(k.ring.GetKeys()) >= KeyCountMax {
		return fault.New(fault.CodeKeyring, "%w", ErrKeyringMax)
	}
	return k.ring.AddKey(bytes.Clone(key))
}

// Use encrypts with an installed key from now on.
func (k *Keyring) Use(digest [32]byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	key := k.find(digest)
	if key == nil {
		return fault.New(fault.CodeKeyring, "%w: %x", ErrNoKey, digest[:8])
	}
	return k.ring.UseKey(key)
}

// Remove forgets a key that is not in use. One that is not there is removed already.
func (k *Keyring) Remove(digest [32]byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	key := k.find(digest)
	if key == nil {
		return nil
	}
	if bytes.Equal(key, k.ring.GetPrimaryKey()) {
		return fault.New(fault.CodeKeyring, "%w: %x", ErrPrimary, digest[:8])
	}
	return k.ring.RemoveKey(key)
}

// Digests names the keys by their BLAKE3-256, the one in use first.
func (k *Keyring) Digests() [][32]byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	var list [][32]byte
	for _, key := range k.ring.GetKeys() {
		list = append(list, blake3.Sum256(key))
	}
	return list
}

func (k *Keyring) find(digest [32]byte) []byte {
	for _, key := range k.ring.GetKeys() {
		if blake3.Sum256(key) == digest {
			return key
		}
	}
	return nil
}
