package node

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"github.com/zeebo/blake3"

	"rpp-node/cluster/fault"
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

// gossipKeysFormat is the first line of the file.
const gossipKeysFormat = "rpp-gossip-keys-1"

// readGossipKeys reads the file: docs/formats/member.md.
func readGossipKeys(disk identity.FS, l layout) (gossipKeys, error) {
	b, mode, err := disk.Read(l.gossipKeys(), maxGossipKeysBytes)
	if err != nil {
		return gossipKeys{}, err
	}
	if mode.Perm()&0o077 != 0 {
		return gossipKeys{}, openToOthers(l.gossipKeys(), mode)
	}
	g, err := decodeGossipKeys(b)
	if err != nil {
		return g, fault.New(fault.CodeIdentityFile, "%s: %w", l.gossipKeys(), err)
	}
	return g, nil
}

func openToOthers(file string, mode fs.FileMode) error {
	return fault.New(fault.CodeIdentityFile, "%s: mode %04o lets others read it: chmod 600", file, mode.Perm())
}

// decodeGossipKeys takes what encode has made, and no other.
func decodeGossipKeys(b []byte) (gossipKeys, error) {
	var g gossipKeys
	lines := strings.Split(string(b), "\n")
	if lines[0] != gossipKeysFormat {
		return g, fmt.Errorf("it does not begin with %q", gossipKeysFormat)
	}
	// The format, the version, keys, the digest, and nothing after the last newline.
	if len(lines) < 5 || len(lines) > 4+gossip.KeyCountMax {
		return g, fmt.Errorf("%d lines, want 1 to %d keys", len(lines)-1, gossip.KeyCountMax)
	}
	var err error
	if g.version, err = strconv.ParseUint(lines[1], 10, 64); err != nil {
		return gossipKeys{}, errors.New("the second line is no version")
	}
	for _, line := range lines[2 : len(lines)-2] {
		key, err := hex.DecodeString(line)
		if err != nil || len(key) != gossip.KeyBytes {
			return gossipKeys{}, fmt.Errorf("a key is not %d bytes in hexadecimal", gossip.KeyBytes)
		}
		g.keys = append(g.keys, key)
	}
	if !bytes.Equal(g.encode(), b) {
		return gossipKeys{}, errors.New("it is not what its digest says: the file is damaged, or was edited")
	}
	return g, nil
}

// encode is the file. Its digest says nothing of keys that are random.
func (g gossipKeys) encode() []byte {
	text := gossipKeysFormat + "\n" + strconv.FormatUint(g.version, 10) + "\n"
	for _, k := range g.keys {
		text += hex.EncodeToString(k) + "\n"
	}
	sum := blake3.Sum256([]byte(text))
	return []byte(text + hex.EncodeToString(sum[:]) + "\n")
}

func (g gossipKeys) write(disk identity.FS, l layout) error {
	return disk.WriteAtomic(l.gossipKeys(), g.encode(), 0o600)
}

// storeKeyBytes is the size of the file: the key and its digest.
const storeKeyBytes = artifact.StoreKeyBytes + 32

// sealer reads the store key, or makes it.
func sealer(disk identity.FS, l layout, random io.Reader) (s *artifact.Sealer, made bool, err error) {
	b, mode, err := disk.Read(l.storeKey(), storeKeyBytes)
	if made = errors.Is(err, fs.ErrNotExist); made {
		if b, err = newStoreKey(random); err == nil {
			err = disk.WriteAtomic(l.storeKey(), b, 0o600)
		}
	} else if err == nil && mode.Perm()&0o077 != 0 {
		err = openToOthers(l.storeKey(), mode)
	}
	if err != nil {
		return nil, false, err
	}
	defer clear(b)
	key, ok := storeKeyOf(b)
	if !ok {
		return nil, false, fault.New(fault.CodeIdentityFile, "%s: it is not what its digest says; delete it, and this node gets another and its witnesses from the other voters", l.storeKey())
	}
	s, err = artifact.NewSealer(key)
	return s, made, err
}

// dropWitnesses gives up the witnesses that were stored under a store key that is gone:
// nobody can read them, and those that are needed are fetched again.
func dropWitnesses(a *artifact.Store) error {
	var list []artifact.Digest
	err := a.List(func(i artifact.Info) error {
		if i.Kind == artifact.Witness {
			list = append(list, i.Digest)
		}
		return nil
	})
	for _, d := range list {
		err = errors.Join(err, a.DropWitness(d))
	}
	return err
}

func newStoreKey(random io.Reader) ([]byte, error) {
	b := make([]byte, artifact.StoreKeyBytes, storeKeyBytes)
	if _, err := io.ReadFull(random, b); err != nil {
		return nil, err
	}
	sum := blake3.Sum256(b)
	return append(b, sum[:]...), nil
}

// storeKeyOf is the key in the file's bytes.
func storeKeyOf(b []byte) (key []byte, ok bool) {
	if len(b) != storeKeyBytes {
		return nil, false
	}
	sum := blake3.Sum256(b[:artifact.StoreKeyBytes])
	return b[:artifact.StoreKeyBytes], bytes.Equal(sum[:], b[artifact.StoreKeyBytes:])
}
