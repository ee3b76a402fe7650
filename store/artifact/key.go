package artifact

import (
	"encoding/binary"

	"rpp-node/store"
)

// A table is the keys that begin with it. Numbers in keys are big-endian, so that they
// sort. docs/formats/artifact.md has the list.
type table string

const (
	tableRecord  = table(string(rune(store.KeyspaceArtifact)) + "r") // digest → record
	tableDataKey = table(string(rune(store.KeyspaceArtifact)) + "d") // digest, instance → wrapped data key
	tableIntent  = table(string(rune(store.KeyspaceArtifact)) + "i") // digest, instance → intent
	tableAside   = table(string(rune(store.KeyspaceArtifact)) + "x") // digest, instance → evidence
	tableChunk   = table(rune(store.KeyspaceArtifactData))           // digest, instance, chunk, piece → bytes
	tablePin     = table(rune(store.KeyspaceArtifactRef))            // digest → time
	tablePlan    = table(rune(store.KeyspaceArtifactPlan))           // → collection plan
)

// bounds is the range of the table's keys.
func (t table) bounds() (lower, upper []byte) { return []byte(t), store.PrefixEnd([]byte(t)) }

func (t table) key(d Digest) []byte { return append([]byte(t), d[:]...) }

// An instance is one copy of an artifact's chunks. A number is used once, so that a copy
// which was set aside, or is half written, never mixes with the next.
func (t table) instanceKey(d Digest, instance uint64) []byte {
	return binary.BigEndian.AppendUint64(t.key(d), instance)
}

// chunkKey begins the keys of the pieces of one chunk.
func chunkKey(d Digest, instance uint64, i int) []byte {
	return binary.BigEndian.AppendUint32(tableChunk.instanceKey(d, instance), uint32(i))
}

func pieceKey(d Digest, instance uint64, i, piece int) []byte {
	return binary.BigEndian.AppendUint16(chunkKey(d, instance, i), uint16(piece))
}

// instanceRange spans the pieces of one instance.
func instanceRange(d Digest, instance uint64) (lower, upper []byte) {
	return tableChunk.instanceKey(d, instance), tableChunk.instanceKey(d, instance+1)
}

// split reads digest and instance back from a key; what the key lacks is zero.
func (t table) split(key []byte) (d Digest, instance uint64) {
	key = key[len(t):]
	key = key[copy(d[:], key):]
	if len(key) >= 8 {
		instance = binary.BigEndian.Uint64(key)
	}
	return d, instance
}
