package derive

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"rpp-node/prover/air"
	"rpp-node/prover/device"
	"rpp-node/prover/field"
	"rpp-node/prover/key"
	"rpp-node/prover/matrix"
	"rpp-node/prover/merkle"
	"rpp-node/prover/ntt"
	"rpp-node/prover/shard"
	"rpp-node/prover/stark"
)

const provingMagic = "RPPPK\x00\x00\x02"

// ErrProving is wrapped by every error about an encoded proving key.
var ErrProving = errors.New("key: invalid proving key")

// Encode writes a proving key: the verifying key, then the extension of each preprocessed
// matrix, row by row (docs/formats/verifying-key.md). Words are canonical and
// little-endian.
func Encode(vk *key.Verifying, pk *stark.Key) []byte {
	f := pk.Sys.Ext.Base
	b := []byte(provingMagic)
	enc := vk.Encode()
	b = binary.LittleEndian.AppendUint32(b, uint32(len(enc)))
	b = append(b, enc...)
	if pk.Prep == nil {
		return b
	}
	for _, lde := range pk.Prep.LDE {
		for _, v := range lde.Values {
			b = f.AppendCanonical(b, v)
		}
	}
	return b
}

// Decode reads a proving key for a chain. The tree is made again from the extension and
// its cap compared with the verifying key's, so that what does not belong to the key is
// never proved with; shapes come from the circuit, not from the file.
func Decode(b []byte, c *air.Circuit, chainID uint64, dev device.Device) (*key.Verifying, *stark.Key, error) {
	if len(b) < len(provingMagic)+4 || string(b[:len(provingMagic)]) != provingMagic {
		return nil, nil, fmt.Errorf("%w: magic: not a proving key of version 2; derive the key again", ErrProving)
	}
	b = b[len(provingMagic):]
	n := binary.LittleEndian.Uint32(b)
	b = b[4:]
	if uint64(n) > uint64(len(b)) {
		return nil, nil, fmt.Errorf("%w: input ends early", ErrProving)
	}
	vk, err := key.Decode(b[:n])
	if err != nil {
		return nil, nil, err
	}
	b = b[n:]
	s, err := vk.System(c, chainID)
	if err != nil {
		return nil, nil, err
	}
	pk := &stark.Key{Sys: s, Programs: shard.NewPrograms(s)}
	if !s.HasPreprocessed() {
		return whole(vk, pk, b)
	}
	pk.Prep = &shard.Preprocessed{}
	logMax := 0
	for i := range c.Tables {
		t := &c.Tables[i]
		if t.PrepWidth == 0 {
			continue
		}
		log := ntt.Log(t.PrepHeight())
		lde := matrix.New(1<<(log+s.FRI.LogBlowup), t.PrepWidth)
		if b, err = words(s.Ext.Base, lde.Values, b); err != nil {
			return nil, nil, err
		}
		pk.Prep.LDE = append(pk.Prep.LDE, lde)
		logMax = max(logMax, log+s.FRI.LogBlowup)
	}
	pk.Prep.Tree = dev.Tree(merkle.NewSuite(s.Hash, s.Ext.Base), nil, pk.Prep.LDE, 1<<merkle.LogCap(s.FRI.CapHeight, logMax))
	if !slices.Equal(pk.Prep.Tree.Top(), vk.PrepCap) {
		return nil, nil, fmt.Errorf("%w: the preprocessed columns are not those of the commitment; derive the key again", ErrProving)
	}
	return whole(vk, pk, b)
}

// whole returns the key that was read, unless bytes are left.
func whole(vk *key.Verifying, pk *stark.Key, rest []byte) (*key.Verifying, *stark.Key, error) {
	if len(rest) > 0 {
		return nil, nil, fmt.Errorf("%w: %d bytes follow the key", ErrProving, len(rest))
	}
	return vk, pk, nil
}

// words fills dst and returns the rest of b.
func words(f *field.Field, dst []field.Elem, b []byte) ([]byte, error) {
	if len(b) < len(dst)*field.WordBytes {
		return nil, fmt.Errorf("%w: input ends early", ErrProving)
	}
	for i := range dst {
		v, ok := f.DecodeCanonical(b[i*field.WordBytes:])
		if !ok {
			return nil, fmt.Errorf("%w: word not below the modulus", ErrProving)
		}
		dst[i] = v
	}
	return b[len(dst)*field.WordBytes:], nil
}
