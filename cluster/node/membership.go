package node

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

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
	Voters        []string `json:"voters"` // host:port of the API
	Seeds         []string `json:"seeds"`  // host:port of gossip
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
	m := &Membership{}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(m); err != nil {
		return nil, fmt.Errorf("%s: %w", layout(data).membership(), err)
	}
	if m.Format != membershipFormat {
		return nil, fmt.Errorf("%s: format %q, this release reads %q", layout(data).membership(), m.Format, membershipFormat)
	}
	return m, nil
}

// write makes it durable.
func (m *Membership) write(disk identity.FS, data string) error {
	m.Format = membershipFormat
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return disk.WriteAtomic(layout(data).membership(), append(b, '\n'), 0o600)
}

// role is the role that the node joined in.
func (m *Membership) role() (identity.Role, error) { return identity.ParseRole(m.Role) }
