package fsm

import (
	"bytes"
	"encoding/hex"

	"github.com/zeebo/blake3"
)

// JobID names a job: the digest of its spec.
type JobID [32]byte

// Digest is a BLAKE3-256 digest of bytes that are kept elsewhere.
type Digest [32]byte

// NodeID names a node, or a person: the digest of its first public key.
type NodeID [32]byte

// ValidatorID names a validator of the chain.
type ValidatorID [32]byte

func (id JobID) String() string       { return hex.EncodeToString(id[:]) }
func (d Digest) String() string       { return hex.EncodeToString(d[:]) }
func (id NodeID) String() string      { return hex.EncodeToString(id[:]) }
func (id ValidatorID) String() string { return hex.EncodeToString(id[:]) }

// JobIDOf is the name of the job with that canonical spec.
func JobIDOf(spec []byte) JobID { return blake3.Sum256(spec) }

// NodeIDOf is the name of a node whose first public key has that SPKI, in DER.
func NodeIDOf(spki []byte) NodeID { return blake3.Sum256(spki) }

func compareNodes(a, b NodeID) int { return bytes.Compare(a[:], b[:]) }

// Role is what a member of the cluster may be.
type Role uint8

// The roles.
const (
	RoleVoter Role = iota + 1
	RoleWorker
	RoleValidator
	RoleOperator
	RoleAuditor
)

func (r Role) String() string {
	switch r {
	case RoleVoter:
		return "voter"
	case RoleWorker:
		return "worker"
	case RoleValidator:
		return "validator"
	case RoleOperator:
		return "operator"
	case RoleAuditor:
		return "auditor"
	}
	return "unknown"
}
