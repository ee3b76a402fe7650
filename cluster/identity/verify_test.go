package identity_test

import (
	"crypto/x509"
	"testing"
	"time"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
)

func TestRevokedIssuerTakesAllItSignedAlong(t *testing.T) {
	root := newRoot(t, "alpha", 1)
	first := subIssuer(t, root, 2, at(epoch))
	second := subIssuer(t, first, 3, at(epoch))
	_, firstVoter := newKey(t, 2)
	chain := must(second.Issue(newCSR(t, 4), identity.Grant{Role: identity.Worker}))(t)

	cfg := trust(root.Root())
	must(identity.NewVerifier(cfg).Client(chain))(t)
	cfg.Revoked = func(id identity.NodeID) bool { return id == firstVoter }
	must(identity.NewVerifier(cfg).Client(chain))(t) // its holder was not removed

	cfg.IssuerRevoked = cfg.Revoked
	if _, err := identity.NewVerifier(cfg).Client(chain); !fault.Is(err, fault.CodeRevoked) {
		t.Errorf("error = %v, want %s", err, fault.CodeRevoked)
	}
	elsewhere := must(root.Issue(newCSR(t, 4), identity.Grant{Role: identity.Worker}))(t)
	must(identity.NewVerifier(cfg).Client(elsewhere))(t)
}

func TestTokenPinsTheRoot(t *testing.T) {
	root, other := newRoot(t, "alpha", 1), newRoot(t, "alpha", 2)
	voter := subIssuer(t, root, 3, at(epoch))
	chain := must(voter.Issue(newCSR(t, 4), identity.Grant{Role: identity.Voter}))(t)
	pinned := func(ca *identity.CA) *identity.Verifier {
		return identity.NewVerifier(identity.Trust{Cluster: "alpha", RootDigest: identity.RootDigest(ca.Root()), Now: at(epoch)})
	}
	withRoot := append(chain[:len(chain):len(chain)], root.Root())
	must(pinned(root).Server(withRoot))(t)
	for name, c := range map[string]struct {
		v     *identity.Verifier
		chain []*x509.Certificate
	}{
		"another root pinned":      {pinned(other), withRoot},
		"no root in the chain":     {pinned(root), chain},
		"nothing pinned":           {identity.NewVerifier(identity.Trust{Cluster: "alpha", Now: at(epoch)}), withRoot},
		"the pinned one unrelated": {pinned(other), append(chain[:len(chain):len(chain)], other.Root())},
	} {
		if _, err := c.v.Server(c.chain); !fault.Is(err, fault.CodeUnauthenticated) {
			t.Errorf("%s: %v, want %s", name, err, fault.CodeUnauthenticated)
		}
	}
}

func TestVerifierLimits(t *testing.T) {
	root := newRoot(t, "alpha", 1)
	v := identity.NewVerifier(trust(root.Root()))
	leaf := must(root.Issue(newCSR(t, 2), identity.Grant{Role: identity.Worker}))(t)[0]
	long := []*x509.Certificate{leaf}
	for range 6 {
		long = append(long, root.Root())
	}
	for name, chain := range map[string][]*x509.Certificate{"none": nil, "too many": long} {
		if _, err := v.Client(chain); !fault.Is(err, fault.CodeUnauthenticated) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := identity.ParseChain(make([][]byte, 7)); err == nil {
		t.Error("ParseChain took 7 certificates")
	}
	if _, err := identity.ParseChain([][]byte{make([]byte, 3<<10)}); err == nil {
		t.Error("ParseChain took 3 KiB for a certificate")
	}
	if got := must(identity.ParseChain(identity.EncodeChain([]*x509.Certificate{leaf})))(t); !got[0].Equal(leaf) {
		t.Error("a chain changed over the wire")
	}
}

func TestClockSkew(t *testing.T) {
	root := newRoot(t, "alpha", 1)
	chain := must(root.Issue(newCSR(t, 2), identity.Grant{Role: identity.Worker}))(t)
	for offset, ok := range map[time.Duration]bool{
		-5 * time.Minute:             true,
		-5*time.Minute - time.Second: false,
		24 * time.Hour:               true,
		24*time.Hour + time.Second:   false,
	} {
		cfg := trust(root.Root())
		cfg.Now = at(epoch.Add(offset))
		if _, err := identity.NewVerifier(cfg).Client(chain); (err == nil) != ok {
			t.Errorf("%s off: %v", offset, err)
		}
	}
}
