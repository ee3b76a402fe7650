package node

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"github.com/zeebo/blake3"

	"rpp-node/cluster/gossip"
	"rpp-node/cluster/identity"
	"rpp-node/store/artifact"
)

// gossipKeys are the node's gossip keys, the one in use first, and the version of the
// rotation that brought it.
type gossipKeys struct {
	version uint64
	keys    [][]byte
}

// readGossipKeys reads the file: the version on the first line, a key in hexadecimal on
// each further one.
func readGossipKeys(disk identity.FS, l layout) (gossipKeys, error) {
	var g gossipKeys
	b, mode, err := disk.Read(l.gossipKeys(), maxGossipKeysBytes)
	if err != nil {
		return g, err
	}
	if mode.Perm()&0o077 != 0 {
		return g, fmt.Errorf("%s: mode %04o lets others read it: chmod 600", l.gossipKeys(), mode.Perm())
	}
	lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	if g.version, err = strconv.ParseUint(lines[0], 10, 64); err != nil || len(lines) < 2 || len(lines) > 1+gossip.KeyCountMax {
		return g, fmt.Errorf("%s: not a file of gossip keys", l.gossipKeys())
	}
	for _, line := range lines[1:] {
		key, err := hex.DecodeString(line)
		if err != nil || len(key) != gossip.KeyBytes {
			return g, fmt.Errorf("%s: a key is not %d bytes in hexadecimal", l.gossipKeys(), gossip.KeyBytes)
		}
		g.keys = append(g.keys, key)
	}
	return g, nil
}

func (g gossipKeys) write(disk identity.FS, l layout) error {
	text := strconv.FormatUint(g.version, 10) + "\n"
	for _, k := range g.keys {
		text += hex.EncodeToString(k) + "\n"
	}
	return disk.WriteAtomic(l.gossipKeys(), []byte(text), 0o600)
}

func keyDigest(key []byte) [32]byte { return blake3.Sum256(key) }

// sealer reads the store key, or makes it.
func sealer(disk identity.FS, l layout, random io.Reader) (*artifact.Sealer, error) {
	b, mode, err := disk.Read(l.storeKey(), artifact.StoreKeyBytes+1)
	if errors.Is(err, fs.ErrNotExist) {
		b = make([]byte, artifact.StoreKeyBytes)
		if _, err := io.ReadFull(random, b); err != nil {
			return nil, err
		}
		if err := disk.WriteAtomic(l.storeKey(), b, 0o600); err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, err
	} else if mode.Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s: mode %04o lets others read it: chmod 600", l.storeKey(), mode.Perm())
	}
	defer clear(b)
	return artifact.NewSealer(b)
}
