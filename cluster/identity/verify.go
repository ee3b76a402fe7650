package identity

import (
	"bytes"
	"crypto/x509"
	"errors"
	"time"

	"rpp-node/cluster/fault"
)

// Trust is whom a Verifier believes.
type Trust struct {
	Cluster string
	// Roots are pinned. If there are none, the root is taken from the chain, and must
	// have the digest RootDigest: a node that joins has nothing but its token.
	Roots      []*x509.Certificate
	RootDigest [32]byte

	Now func() time.Time

	// Revoked says that a certificate's holder was removed; nil means nobody was. It is
	// asked on every handshake, by many goroutines.
	Revoked func(NodeID) bool
	// IssuerRevoked says that nothing counts any more that this voter's issuer signed,
	// nor what it let others sign; nil means all do. It is apart from Revoked so that the
	// nodes which a voter let in can renew elsewhere before it comes true.
	IssuerRevoked func(voter NodeID) bool
}

// Verifier decides whether a chain of certificates makes an identity of the cluster.
// Safe for concurrent use.
type Verifier struct {
	trust Trust
	roots *x509.CertPool // nil: pinned by digest
}

// NewVerifier verifies by trust.
func NewVerifier(t Trust) *Verifier {
	v := &Verifier{trust: t}
	if len(t.Roots) > 0 {
		v.roots = x509.NewCertPool()
		for _, c := range t.Roots {
			v.roots.AddCert(c)
		}
	}
	return v
}

// Client verifies who calls: the chain has the leaf first.
func (v *Verifier) Client(chain []*x509.Certificate) (Identity, error) {
	return v.verify(chain, x509.ExtKeyUsageClientAuth)
}

// Server verifies who answers: a node, never a person.
func (v *Verifier) Server(chain []*x509.Certificate) (Identity, error) {
	return v.verify(chain, x509.ExtKeyUsageServerAuth)
}

func (v *Verifier) verify(chain []*x509.Certificate, usage x509.ExtKeyUsage) (Identity, error) {
	if len(chain) == 0 {
		return Identity{}, unauthenticated("no certificate")
	}
	if len(chain) > maxChainCount {
		return Identity{}, unauthenticated("a chain of %d certificates, at most %d", len(chain), maxChainCount)
	}
	id, err := FromCertificate(chain[0], v.trust.Cluster)
	if err != nil {
		return Identity{}, err
	}
	roots := v.roots
	if roots == nil {
		if roots = v.pinned(chain); roots == nil {
			return Identity{}, unauthenticated("the root that the token names is not in the chain")
		}
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		if len(c.Raw) > maxCertificateBytes {
			return Identity{}, unauthenticated("certificate longer than %d bytes", maxCertificateBytes)
		}
		between.AddCert(c)
	}
	paths, err := chain[0].Verify(x509.VerifyOptions{
		Roots:         roots,
		Intermediates: between,
		CurrentTime:   v.trust.Now(),
		KeyUsages:     []x509.ExtKeyUsage{usage},
	})
	if err != nil {
		return Identity{}, v.explain(id, err)
	}
	if v.trust.Revoked != nil && v.trust.Revoked(id.ID) {
		return Identity{}, fault.New(fault.CodeRevoked, "%s %s was removed from the cluster", id.Role, id.ID.Short())
	}
	// One path whose issuers all count is enough.
	for _, path := range paths {
		if err = v.issuers(path[1:]); err == nil {
			return id, nil
		}
	}
	return Identity{}, err
}

// issuers checks the path above the leaf: issuers of the cluster, then its root.
func (v *Verifier) issuers(path []*x509.Certificate) error {
	for i, c := range path {
		n, err := nameIn(c, v.trust.Cluster)
		if err != nil {
			return err
		}
		want := kindIssuer
		if i == len(path)-1 {
			want = kindRoot
		}
		if n.kind != want {
			return unauthenticated("signed by a %s, want %s", n.kind, want)
		}
		if want == kindIssuer && v.trust.IssuerRevoked != nil && v.trust.IssuerRevoked(n.id) {
			return fault.New(fault.CodeRevoked, "signed by voter %s, which was removed from the cluster", n.id.Short())
		}
	}
	return nil
}

// pinned finds the root of the token in the chain that the server presented.
func (v *Verifier) pinned(chain []*x509.Certificate) *x509.CertPool {
	for _, c := range chain[1:] {
		if RootDigest(c) == v.trust.RootDigest && bytes.Equal(c.RawIssuer, c.RawSubject) && c.IsCA {
			pool := x509.NewCertPool()
			pool.AddCert(c)
			return pool
		}
	}
	return nil
}

func (v *Verifier) explain(id Identity, err error) error {
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) && invalid.Reason == x509.Expired {
		return unauthenticated("certificate of %s %s: %s; check both clocks", id.Role, id.ID.Short(), invalid.Detail)
	}
	return unauthenticated("certificate of %s %s: %w", id.Role, id.ID.Short(), err)
}
