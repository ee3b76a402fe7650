package node

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/zeebo/blake3"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
)

// membershipFormat names the version of the file.
const membershipFormat = "rpp-member-1"

// Membership is what a node knows of the cluster that it belongs to before it has spoken
// with anybody: docs/formats/member.md.
type Membership struct {
	Format        string   `json:"format"`
	Cluster       string   `json:"cluster"`
	Name          string   `json:"name"`
	Role          string   `json:"role"`
	ChainID       uint64   `json:"chain_id"`
	SecurityFloor float64  `json:"security_floor"`
	Founder       bool     `json:"founder"`
	Logged        bool     `json:"logged"` // the node's Raft log has begun: it must never be empty again
	Voters        []string `json:"voters"` // host:port of the API
	Seeds         []string `json:"seeds"`  // host:port of gossip
	Digest        string   `json:"digest"` // of the file, with an empty one in its place
}

// ErrNotMember says that a data directory belongs to no cluster yet.
var ErrNotMember = errors.New("this data directory belongs to no cluster: 'rpp-node init' founds one, 'rpp-node join' joins one")

// ReadMembership reads it from a data directory.
func ReadMembership(disk identity.FS, data string) (*Membership, error) {
	b, _, err := disk.Read(layout(data).membership(), maxMembershipBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotMember
	}
	if err != nil {
		return nil, err
	}
	m, err := decodeMembership(b)
	if err != nil {
		return nil, fault.New(fault.CodeIdentityFile, "%s: %w", layout(data).membership(), err)
	}
	return m, nil
}

// decodeMembership takes a file that encode has made, and no other: a damaged name or
// number would not be noticed otherwise.
func decodeMembership(b []byte) (*Membership, error) {
	m := &Membership{}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(m); err != nil {
		return nil, err
	}
	if m.Format != membershipFormat {
		return nil, fmt.Errorf("format %q, this release reads %q", m.Format, membershipFormat)
	}
	if again, err := m.encode(); err != nil || !bytes.Equal(again, b) {
		return nil, errors.New("it is not what its digest says: the file is damaged, or was edited")
	}
	return m, nil
}

// encode is the file, with its digest.
func (m *Membership) encode() ([]byte, error) {
	c := *m
	c.Format, c.Digest = membershipFormat, ""
	if c.Voters == nil {
		c.Voters = []string{}
	}
	if c.Seeds == nil {
		c.Seeds = []string{}
	}
	b, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return nil, err
	}
	sum := blake3.Sum256(append(b, '\n'))
	c.Digest = hex.EncodeToString(sum[:])
	b, err = json.MarshalIndent(c, "", "  ")
	return append(b, '\n'), err
}

// write makes it durable.
func (m *Membership) write(disk identity.FS, data string) error {
	b, err := m.encode()
	if err != nil {
		return err
	}
	return disk.WriteAtomic(layout(data).membership(), b, 0o600)
}

// role is the role that the node joined in.
func (m *Membership) role() (identity.Role, error) { return identity.ParseRole(m.Role) }
