package identity

import (
	"bytes"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"time"
)

// Credential is what a node or a person proves itself with. It is immutable.
type Credential struct {
	key      ed25519.PrivateKey
	chain    []*x509.Certificate // leaf first, without the root
	roots    []*x509.Certificate
	identity Identity
	tls      *tls.Certificate
}

// NewCredential checks that key, chain (leaf first, the root left out) and roots belong
// together in the cluster. It may have expired: whoever uses it will be told.
func NewCredential(cluster string, key ed25519.PrivateKey, chain, roots []*x509.Certificate) (*Credential, error) {
	if len(chain) == 0 {
		return nil, unauthenticated("no certificate")
	}
	if len(roots) == 0 || len(roots) > maxRootCount {
		return nil, unauthenticated("%d roots, want 1 to %d", len(roots), maxRootCount)
	}
	// At its last second, a certificate is as valid as it ever was: no issuer ends earlier.
	lastSecond := func() time.Time { return chain[0].NotAfter }
	id, err := NewVerifier(Trust{Cluster: cluster, Roots: roots, Now: lastSecond}).Client(chain)
	if err != nil {
		return nil, err
	}
	if NodeIDOf(key.Public().(ed25519.PublicKey)) != id.ID {
		return nil, unauthenticated("the certificate is not that of the key")
	}
	c := &Credential{key: key, chain: chain, roots: roots, identity: id}
	// The root goes along for those who have only its digest, from a join token.
	c.tls = &tls.Certificate{Certificate: EncodeChain(chain), PrivateKey: key, Leaf: chain[0]}
	for _, root := range roots {
		if bytes.Equal(root.RawSubject, chain[len(chain)-1].RawIssuer) {
			c.tls.Certificate = append(c.tls.Certificate, root.Raw)
			break
		}
	}
	return c, nil
}

// Identity is who holds it.
func (c *Credential) Identity() Identity { return c.identity }

// Roots are the roots that it trusts.
func (c *Credential) Roots() []*x509.Certificate { return c.roots }

// Key is the private key; for signing, not for showing.
func (c *Credential) Key() ed25519.PrivateKey { return c.key }

// Certificate is the credential as package tls wants it.
func (c *Credential) Certificate() *tls.Certificate { return c.tls }

// Format keeps the key out of logs.
func (c *Credential) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "credential of %s", c.identity) }
