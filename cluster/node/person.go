package node

import (
	"context"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"time"

	"rpp-node/cluster/api"
	"rpp-node/cluster/fsm"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/transport"
)

// OperatorDir is where the first operator's identity is put when a cluster is founded.
func OperatorDir(data string) string { return filepath.Join(data, "operator") }

// foundOperator makes the first operator: somebody has to let the others in.
func foundOperator(f Founding, issuer *identity.CA, root *identity.CA) error {
	l := layout(OperatorDir(f.Config.Node.Data))
	dir := identity.OpenDir(f.Disk, l.identity())
	key, err := dir.Key(f.Rand)
	if err != nil {
		return err
	}
	csr, err := identity.NewCSR(key)
	if err != nil {
		return err
	}
	chain, err := issuer.Issue(csr, identity.Grant{Role: identity.Operator})
	if err != nil {
		return err
	}
	c, err := identity.NewCredential(f.Cluster, key, chain, root.Chain())
	if err != nil {
		return err
	}
	if err := dir.Save(c); err != nil {
		return err
	}
	address := f.Config.Listen.AdvertiseAPI
	if address == "" {
		address = f.Config.Listen.API
	}
	m := Membership{
		Cluster: f.Cluster, Name: "operator", Role: identity.Operator.String(), ChainID: f.Config.Cluster.ChainID,
		SecurityFloor: f.Config.Cluster.SecurityFloor, Voters: []string{address}, Seeds: []string{},
	}
	return m.write(f.Disk, string(l))
}

// Caller is somebody's access to a cluster, by the identity in a directory.
type Caller struct {
	*api.Client
	Membership Membership
	Identity   identity.Identity
	close      func()
}

// Close ends the connections.
func (c *Caller) Close() { c.close() }

// Calling says how to call.
type Calling struct {
	Dir       string   // with the identity
	Addresses []string // of nodes, in place of those in the directory
	Patient   bool     // wait when the cluster has too much to do
	Disk      identity.FS
	Now       func() time.Time
	Rand      io.Reader
	Dial      func(ctx context.Context, address string) (net.Conn, error)
}

// Call opens a person's, or a node's, access to its cluster.
func Call(o Calling) (*Caller, error) {
	m, err := ReadMembership(o.Disk, o.Dir)
	if err != nil {
		return nil, err
	}
	c, err := identity.OpenDir(o.Disk, layout(o.Dir).identity()).Load(m.Cluster)
	if err != nil {
		return nil, err
	}
	if !c.Identity().NotAfter.After(o.Now()) {
		return nil, fmt.Errorf("the certificate in %s ended at %s: join again with a new token", o.Dir, c.Identity().NotAfter.Format(time.RFC3339))
	}
	addresses := o.Addresses
	if len(addresses) == 0 {
		addresses = m.Voters
	}
	dialer := transport.NewDialer(transport.DialerConfig{
		Base: o.Dial, Credentials: fixed{c},
		Verifier: identity.NewVerifier(identity.Trust{Cluster: m.Cluster, Roots: c.Roots(), Now: o.Now}),
	})
	http := dialer.HTTPClient(nil)
	return &Caller{
		Client:     api.NewClient(api.ClientConfig{HTTP: http, Addresses: addresses, Rand: newRand(o.Rand), Patient: o.Patient}),
		Membership: *m, Identity: c.Identity(), close: http.CloseIdleConnections,
	}, nil
}

// registerOperator makes the first operator a member, as those are who join with a token:
// only members may renew their certificates.
func (n *Node) registerOperator(ctx context.Context) {
	c, err := identity.OpenDir(n.cfg.Disk, layout(OperatorDir(string(n.dir))).identity()).Load(n.member.Cluster)
	if err != nil {
		n.log.Warn("the first operator is not registered", "error", err)
		return
	}
	id := fsm.NodeID(c.Identity().ID)
	n.try(ctx, &fsm.PutMember{
		NodeID: id, Name: personName(identity.Operator, id), Role: fsm.RoleOperator, PublicKey: fsm.SPKI(publicKey(c.Key())), Version: n.cfg.Version,
	})
}

// personName is how somebody is listed who has no name of its own.
func personName(role identity.Role, id fsm.NodeID) string {
	return role.String() + "-" + id.String()[:16]
}
