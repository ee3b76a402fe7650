package identity

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/hex"
	"errors"

	"github.com/zeebo/blake3"
)

// NodeID names the holder of a key: BLAKE3-256 of the DER of its SubjectPublicKeyInfo.
// People have one too.
type NodeID [32]byte

// NodeIDOf is the ID of a key's holder.
func NodeIDOf(key ed25519.PublicKey) NodeID {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		panic(err) // it encodes every Ed25519 key
	}
	return blake3.Sum256(der)
}

func (id NodeID) String() string { return hex.EncodeToString(id[:]) }

// Short is enough of an ID to tell nodes apart in a log.
func (id NodeID) Short() string { return hex.EncodeToString(id[:4]) }

// ParseNodeID reads 64 lower-case hexadecimal digits.
func ParseNodeID(s string) (id NodeID, err error) {
	if !parseHex(id[:], s) {
		return NodeID{}, errors.New("node ID: want 64 lower-case hexadecimal digits")
	}
	return id, nil
}

// parseHex accepts exactly what String prints.
func parseHex(dst []byte, s string) bool {
	if len(s) != 2*len(dst) {
		return false
	}
	n, err := hex.Decode(dst, []byte(s))
	return err == nil && n == len(dst) && hex.EncodeToString(dst) == s
}
