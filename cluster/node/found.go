package node

import (
	"fmt"
	"io"
	"time"

	"rpp-node/cluster/config"
	"rpp-node/cluster/gossip"
	"rpp-node/cluster/identity"
)

// Founding says what a new cluster is to be.
type Founding struct {
	Config     config.Config
	Cluster    string // its id, a DNS label
	Passphrase []byte // of the sealed root
	Disk       identity.FS
	Now        func() time.Time
	Rand       io.Reader
}

// Found makes the data directory of a cluster's first voter, with the cluster's CA and its
// gossip key, and the identity of its first operator. It returns the sealed root, which nobody needs but to recover from the loss
// of every voter. A directory that belongs to a cluster already is refused.
func Found(f Founding) (sealed []byte, err error) {
	l := layout(f.Config.Node.Data)
	if _, err := ReadMembership(f.Disk, string(l)); err == nil {
		return nil, fmt.Errorf("%s belongs to a cluster already: name another directory with --data", l)
	} else if err != ErrNotMember {
		return nil, err
	}
	root, err := identity.NewRoot(f.Cluster, f.Now, f.Rand)
	if err != nil {
		return nil, err
	}
	if sealed, err = root.Seal(f.Passphrase); err != nil {
		return nil, err
	}
	issuer, err := foundIdentity(f, l, root)
	if err != nil {
		return nil, err
	}
	if err := identity.OpenDir(f.Disk, l.identity()).SaveIssuer(issuer); err != nil {
		return nil, err
	}
	if err := foundOperator(f, issuer, root); err != nil {
		return nil, err
	}
	key := make([]byte, gossip.KeyBytes)
	if _, err := io.ReadFull(f.Rand, key); err != nil {
		return nil, err
	}
	if err := (gossipKeys{keys: [][]byte{key}}).write(f.Disk, l); err != nil {
		return nil, err
	}
	// The membership is written last: where there is one, the rest is complete.
	m := Membership{
		Cluster: f.Cluster, Name: f.Config.Node.Name, Role: identity.Voter.String(), Founder: true,
		ChainID: f.Config.Cluster.ChainID, SecurityFloor: f.Config.Cluster.SecurityFloor,
		Voters: []string{}, Seeds: []string{},
	}
	return sealed, m.write(f.Disk, string(l))
}

// foundIdentity makes the first voter's credential and its issuer.
func foundIdentity(f Founding, l layout, root *identity.CA) (*identity.CA, error) {
	dir := identity.OpenDir(f.Disk, l.identity())
	key, err := dir.Key(f.Rand)
	if err != nil {
		return nil, err
	}
	issuerKey, err := dir.IssuerKey(f.Rand)
	if err != nil {
		return nil, err
	}
	csr, err := identity.NewCSR(issuerKey)
	if err != nil {
		return nil, err
	}
	chain, err := root.IssueIssuer(csr, identity.NodeIDOf(publicKey(key)))
	if err != nil {
		return nil, err
	}
	issuer, err := identity.NewCA(f.Cluster, issuerKey, append(chain, root.Root()), f.Now, f.Rand)
	if err != nil {
		return nil, err
	}
	if csr, err = identity.NewCSR(key); err != nil {
		return nil, err
	}
	leaf, err := issuer.Issue(csr, identity.Grant{Role: identity.Voter})
	if err != nil {
		return nil, err
	}
	c, err := identity.NewCredential(f.Cluster, key, leaf, root.Chain())
	if err != nil {
		return nil, err
	}
	return issuer, dir.Save(c)
}
