package artifact

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/zeebo/blake3"
)

// StoreKeyBytes is the size of a node's store key.
const StoreKeyBytes = 32

// A Sealer holds the node's store key, under which the data keys of witnesses are wrapped.
// It does not print.
type Sealer struct {
	wrap cipher.AEAD
	id   [8]byte // tells store keys apart, and nothing of the key
}

// NewSealer takes the node's store key. The caller may erase its copy.
func NewSealer(storeKey []byte) (*Sealer, error) {
	if len(storeKey) != StoreKeyBytes {
		return nil, fmt.Errorf("artifact: store key: %d bytes, want %d", len(storeKey), StoreKeyBytes)
	}
	var key [32]byte
	s := &Sealer{}
	blake3.DeriveKey("rpp-node store/artifact v1 wrap", storeKey, key[:])
	blake3.DeriveKey("rpp-node store/artifact v1 key id", storeKey, s.id[:])
	s.wrap = newGCM(key[:])
	clear(key[:])
	return s, nil
}

// Format keeps the key out of logs, under every verb.
func (Sealer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[redacted]") }

// MarshalText keeps the key out of JSON and structured logs.
func (Sealer) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }

// dataKey encrypts the chunks of one instance of one witness, and nothing else; so a
// chunk's index serves as its nonce.
type dataKey struct {
	aead    cipher.AEAD
	wrapped []byte
}

const (
	dataKeyBytes    = 32
	nonceBytes      = 12
	tagBytes        = 16
	wrappedKeyBytes = nonceBytes + dataKeyBytes + tagBytes
)

// newDataKey draws a data key and wraps it.
func (s *Sealer) newDataKey(random io.Reader, d Digest, instance uint64) (*dataKey, error) {
	var secret [nonceBytes + dataKeyBytes]byte
	if _, err := io.ReadFull(random, secret[:]); err != nil {
		return nil, fmt.Errorf("artifact: drawing a data key: %w", err)
	}
	nonce, key := secret[:nonceBytes], secret[nonceBytes:]
	defer clear(key)
	wrapped := append(make([]byte, 0, wrappedKeyBytes), nonce...)
	wrapped = s.wrap.Seal(wrapped, nonce, key, whereabouts(d, instance))
	return &dataKey{aead: newGCM(key), wrapped: wrapped}, nil
}

// unwrap opens a wrapped data key.
func (s *Sealer) unwrap(wrapped []byte, d Digest, instance uint64) (*dataKey, error) {
	if len(wrapped) != wrappedKeyBytes {
		return nil, fmt.Errorf("data key: %d bytes, want %d", len(wrapped), wrappedKeyBytes)
	}
	key, err := s.wrap.Open(nil, wrapped[:nonceBytes], wrapped[nonceBytes:], whereabouts(d, instance))
	if err != nil {
		return nil, fmt.Errorf("data key: %w", err)
	}
	defer clear(key)
	return &dataKey{aead: newGCM(key)}, nil
}

// whereabouts binds what is sealed to where it belongs.
func whereabouts(d Digest, instance uint64) []byte {
	return binary.LittleEndian.AppendUint64(d[:], instance)
}

// seal encrypts a chunk. count is the number of chunks of the whole.
func (k *dataKey) seal(chunk []byte, d Digest, instance uint64, i, count int) []byte {
	nonce, data := chunkContext(d, instance, i, count)
	return k.aead.Seal(make([]byte, 0, len(chunk)+tagBytes), nonce, chunk, data)
}

func (k *dataKey) open(sealed []byte, d Digest, instance uint64, i, count int) ([]byte, error) {
	nonce, data := chunkContext(d, instance, i, count)
	return k.aead.Open(sealed[:0], nonce, sealed, data)
}

func chunkContext(d Digest, instance uint64, i, count int) (nonce, data []byte) {
	nonce = make([]byte, nonceBytes)
	binary.LittleEndian.PutUint32(nonce, uint32(i))
	data = binary.LittleEndian.AppendUint32(whereabouts(d, instance), uint32(i))
	return nonce, binary.LittleEndian.AppendUint32(data, uint32(count))
}

func newGCM(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // the size is a constant
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return aead
}
