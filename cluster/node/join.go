package node

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"io"
	mathrand "math/rand"
	"net"
	"time"

	"connectrpc.com/connect"

	"rpp-node/cluster/api"
	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/gossip"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/transport"
)

// Joining is what a newcomer, a node or a person, brings.
type Joining struct {
	Token         identity.Token
	Data          string // data directory of a node; of a person, the identity's directory
	Name          string
	APIAddress    string // of a node: where others reach it
	GossipAddress string
	Version       string
	Disk          identity.FS
	Now           func() time.Time
	Rand          io.Reader
	Dial          func(ctx context.Context, address string) (net.Conn, error)
}

// Join spends a token: it asks a node of the cluster for a certificate, and writes what it
// gets to the directory. It may be repeated after a failure, with the same token: the key
// stays.
func Join(ctx context.Context, j Joining) (*Membership, error) {
	if err := j.Token.CheckTime(j.Now()); err != nil {
		return nil, err
	}
	role := j.Token.Role
	dir, key, err := j.prepare()
	if err != nil {
		return nil, err
	}
	req, err := j.request(dir, key)
	if err != nil {
		return nil, err
	}
	resp, err := j.ask(ctx, req)
	if err != nil {
		return nil, err
	}
	roots, err := identity.ParseChain(resp.Roots)
	if err != nil {
		return nil, err
	}
	if len(roots) == 0 || identity.RootDigest(roots[0]) != j.Token.Root {
		return nil, fault.New(fault.CodeWrongCluster, "who answered is not of the cluster that the token is for")
	}
	chain, err := identity.ParseChain(resp.Chain)
	if err != nil {
		return nil, err
	}
	c, err := identity.NewCredential(j.Token.Cluster, key, chain, roots)
	if err != nil {
		return nil, err
	}
	m := &Membership{
		Cluster: resp.Cluster, Name: j.Name, Role: role.String(), ChainID: resp.ChainId, SecurityFloor: resp.SecurityFloor,
		Voters: resp.Voters, Seeds: resp.Seeds,
	}
	if role.Node() {
		if err := j.keepSecrets(dir, resp, roots); err != nil {
			return nil, err
		}
	}
	if err := dir.Save(c); err != nil {
		return nil, err
	}
	return m, m.write(j.Disk, j.Data)
}

func (j Joining) prepare() (*identity.Dir, ed25519.PrivateKey, error) {
	if _, err := ReadMembership(j.Disk, j.Data); err == nil {
		return nil, nil, fmt.Errorf("%s belongs to a cluster already: name another directory with --data", j.Data)
	} else if err != ErrNotMember {
		return nil, nil, err
	}
	dir := identity.OpenDir(j.Disk, layout(j.Data).identity())
	key, err := dir.Key(j.Rand)
	return dir, key, err
}

func (j Joining) request(dir *identity.Dir, key ed25519.PrivateKey) (*internalv1.JoinRequest, error) {
	csr, err := identity.NewCSR(key)
	if err != nil {
		return nil, err
	}
	req := &internalv1.JoinRequest{
		Token: j.Token.Text(), Csr: csr, Name: j.Name, ApiAddress: j.APIAddress, GossipAddress: j.GossipAddress, Version: j.Version,
	}
	if j.Token.Role == identity.Voter {
		issuer, err := dir.IssuerKey(j.Rand)
		if err != nil {
			return nil, err
		}
		if req.IssuerCsr, err = identity.NewCSR(issuer); err != nil {
			return nil, err
		}
	}
	return req, nil
}

// ask calls a node of the cluster, known by the root that the token pins.
func (j Joining) ask(ctx context.Context, req *internalv1.JoinRequest) (*internalv1.JoinResponse, error) {
	dialer := transport.NewDialer(transport.DialerConfig{
		Base:     j.Dial,
		Verifier: identity.NewVerifier(identity.Trust{Cluster: j.Token.Cluster, RootDigest: j.Token.Root, Now: j.Now}),
	})
	http := dialer.HTTPClient(nil)
	defer http.CloseIdleConnections()
	random := newRand(j.Rand)
	client := api.NewClient(api.ClientConfig{HTTP: http, Addresses: j.Token.Seeds, Rand: newRand(j.Rand)})
	// A node takes only so many strangers at once, and drops the others. The same newcomer
	// may ask again, whatever became of its first try.
	end, stop := context.WithTimeout(ctx, joinPatience)
	defer stop()
	for {
		resp, err := client.Join.Join(ctx, connect.NewRequest(req))
		if err == nil {
			return resp.Msg, nil
		}
		if err := api.FromError(err); !fault.Is(err, fault.CodeUnreachable) {
			return nil, err
		}
		select {
		case <-end.Done():
			return nil, api.FromError(err)
		case <-time.After(joinPause/2 + time.Duration(random.Int63n(int64(joinPause)))):
		}
	}
}

// keepSecrets writes what only nodes get.
func (j Joining) keepSecrets(dir *identity.Dir, resp *internalv1.JoinResponse, roots []*x509.Certificate) error {
	for _, k := range resp.GossipKeys {
		if len(k) != gossip.KeyBytes {
			return fault.New(fault.CodeField, "join: a gossip key of %d bytes", len(k))
		}
	}
	g := gossipKeys{version: resp.GossipVersion, keys: resp.GossipKeys}
	if len(g.keys) == 0 || len(g.keys) > gossip.KeyCountMax {
		return fault.New(fault.CodeField, "join: %d gossip keys", len(g.keys))
	}
	if err := g.write(j.Disk, layout(j.Data)); err != nil {
		return err
	}
	if j.Token.Role != identity.Voter {
		return nil
	}
	key, err := dir.IssuerKey(j.Rand)
	if err != nil {
		return err
	}
	chain, err := identity.ParseChain(resp.IssuerChain)
	if err != nil {
		return err
	}
	ca, err := identity.NewCA(j.Token.Cluster, key, append(chain, roots...), j.Now, j.Rand)
	if err != nil {
		return err
	}
	return dir.SaveIssuer(ca)
}

func publicKey(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

// newRand is a source for jitter, seeded from the random bytes that secrets come from.
func newRand(r io.Reader) *mathrand.Rand {
	if r == nil {
		r = rand.Reader
	}
	var b [8]byte
	io.ReadFull(r, b[:])
	seed := int64(0)
	for _, v := range b {
		seed = seed<<8 | int64(v)
	}
	return mathrand.New(mathrand.NewSource(seed))
}
