package clustertest

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"

	"github.com/zeebo/blake3"

	"rpp-node/cluster/fsm"
)

const clusterID = "bubble"

// identity is who a node or a person is for the whole test.
type identity struct {
	name string
	key  ed25519.PrivateKey
	id   fsm.NodeID
	role fsm.Role
}

// newIdentity derives the key from the name: the same in every run.
func newIdentity(role fsm.Role, i int) identity {
	name := fmt.Sprint(role, "-", i)
	seed := blake3.Sum256([]byte(name))
	key := ed25519.NewKeyFromSeed(seed[:])
	who := identity{name: name, key: key, role: role}
	who.id = fsm.NodeIDOf(who.spki())
	return who
}

func (i identity) public() ed25519.PublicKey { return i.key.Public().(ed25519.PublicKey) }

func (i identity) spki() []byte { return fsm.SPKI(i.public()) }

func (i identity) member() *fsm.PutMember {
	return &fsm.PutMember{NodeID: i.id, Name: i.name, Role: i.role, PublicKey: i.spki(), APIAddress: i.name, Version: "1"}
}

func nodeIDs(ids []string) []fsm.NodeID {
	var list []fsm.NodeID
	for _, s := range ids {
		if b, err := hex.DecodeString(s); err == nil && len(b) == len(fsm.NodeID{}) {
			list = append(list, fsm.NodeID(b))
		}
	}
	return list
}
