package store

// Every key begins with one byte that says which package it belongs to. A prefix that has
// been given away is never given to another: an older release may have left keys there.
const (
	KeyspaceVersion      byte = 'v' // store: the format version, one key
	KeyspaceRaftLog      byte = 'l' // store/raftlog: entries
	KeyspaceRaftStable   byte = 's' // store/raftlog: term and vote
	KeyspaceRaftSnapshot byte = 'n' // store/raftlog: snapshots
	KeyspaceArtifact     byte = 'a' // store/artifact: records
	KeyspaceArtifactData byte = 'b' // store/artifact: chunks
	KeyspaceArtifactRef  byte = 'c' // store/artifact: pins and references
	KeyspaceArtifactPlan byte = 'd' // store/artifact: plans of garbage collection
	KeyspaceKeyCache     byte = 'k' // store/keycache: records
	KeyspaceKeyCacheData byte = 'j' // store/keycache: chunks
	KeyspaceAudit        byte = 'u' // store/audit: records
	KeyspaceAuditHead    byte = 'w' // store/audit: signed heads
)

// KeyspaceBounds is the range [lower, upper) of the keys with a prefix.
func KeyspaceBounds(prefix byte) (lower, upper []byte) {
	return []byte{prefix}, []byte{prefix + 1}
}

// PrefixEnd is the least key above all keys that begin with prefix, or nil if there is
// none (prefix is empty or all 0xff).
func PrefixEnd(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xff {
			end := append([]byte(nil), prefix[:i+1]...)
			end[i]++
			return end
		}
	}
	return nil
}
