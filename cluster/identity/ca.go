package identity

import (
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net/url"
	"sync"
	"time"

	"github.com/zeebo/blake3"

	"rpp-node/cluster/fault"
)

// CA signs certificates: the cluster's root, or a voter's issuer. Safe for concurrent use.
type CA struct {
	cluster string
	key     ed25519.PrivateKey
	chain   []*x509.Certificate // its own first, the root last; immutable
	now     func() time.Time

	mu   sync.Mutex
	rand io.Reader // under mu
}

// NewRoot makes the root of a new cluster.
func NewRoot(cluster string, now func() time.Time, rand io.Reader) (*CA, error) {
	if err := CheckCluster(cluster); err != nil {
		return nil, fault.New(fault.CodeField, "%w", err)
	}
	key, err := NewKey(rand)
	if err != nil {
		return nil, err
	}
	ca := &CA{cluster: cluster, key: key, now: now, rand: rand}
	n := name{cluster: cluster, kind: kindRoot, id: NodeIDOf(key.Public().(ed25519.PublicKey))}
	template, err := ca.template(n, rootLifetime)
	if err != nil {
		return nil, err
	}
	signsOthers(template, MaxIssuers)
	root, err := sign(template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	ca.chain = []*x509.Certificate{root}
	return ca, nil
}

// NewCA is the CA with that key and chain: its own certificate first, the root last.
func NewCA(cluster string, key ed25519.PrivateKey, chain []*x509.Certificate, now func() time.Time, rand io.Reader) (*CA, error) {
	ca := &CA{cluster: cluster, key: key, chain: chain, now: now, rand: rand}
	if len(chain) == 0 || len(chain) > MaxIssuers+1 {
		return nil, fault.New(fault.CodeIdentityFile, "issuer: a chain of %d certificates, want 1 to %d", len(chain), MaxIssuers+1)
	}
	if !key.Public().(ed25519.PublicKey).Equal(chain[0].PublicKey) {
		return nil, fault.New(fault.CodeIdentityFile, "issuer: the certificate is not that of the key")
	}
	for i, c := range chain {
		if _, err := nameIn(c, cluster); err != nil {
			return nil, err
		}
		parent := chain[min(i+1, len(chain)-1)]
		if err := c.CheckSignatureFrom(parent); err != nil {
			return nil, fault.New(fault.CodeIdentityFile, "issuer: certificate %d of the chain: %w", i, err)
		}
	}
	return ca, nil
}

// Cluster is the cluster's ID.
func (ca *CA) Cluster() string { return ca.cluster }

// Root is the certificate that everybody in the cluster trusts.
func (ca *CA) Root() *x509.Certificate { return ca.chain[len(ca.chain)-1] }

// NotAfter is when the CA's own certificate ends.
func (ca *CA) NotAfter() time.Time { return ca.chain[0].NotAfter }

// Chain is the CA's own certificate, those above it, and the root.
func (ca *CA) Chain() []*x509.Certificate { return ca.chain }

// Format keeps the key out of logs.
func (ca *CA) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "CA of %s %s", ca.cluster, redacted) }

// RootDigest is what a join token pins.
func RootDigest(root *x509.Certificate) [32]byte { return blake3.Sum256(root.Raw) }

// template has what all certificates have in common. They start a little in the past,
// for holders whose clock is behind, and end with the CA at the latest.
func (ca *CA) template(n name, lifetime time.Duration) (*x509.Certificate, error) {
	var serial [16]byte
	ca.mu.Lock()
	_, err := io.ReadFull(ca.rand, serial[:])
	ca.mu.Unlock()
	if err != nil {
		return nil, fmt.Errorf("random numbers: %w", err)
	}
	serial[0] = serial[0]&0x7f | 0x40 // positive, always 16 bytes
	now := ca.now().UTC()
	end := now.Add(lifetime)
	if len(ca.chain) > 0 {
		if end.After(ca.NotAfter()) {
			end = ca.NotAfter()
		}
		if !end.After(now) {
			return nil, fault.New(fault.CodeIssuer, "the issuer's own certificate ended at %s", ca.NotAfter().Format(time.RFC3339))
		}
	}
	return &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial[:]),
		// For people who look at it with other tools, and to find the issuer by.
		Subject:   pkix.Name{Organization: []string{n.cluster}, CommonName: n.kind + " " + n.id.Short()},
		NotBefore: now.Add(-backdate),
		NotAfter:  end,
		URIs:      []*url.URL{n.url()},

		BasicConstraintsValid: true,
	}, nil
}

// signsOthers makes a template that of a CA with at most so many issuers below it.
func signsOthers(template *x509.Certificate, below int) {
	template.IsCA = true
	template.MaxPathLen, template.MaxPathLenZero = below, below == 0
	template.KeyUsage = x509.KeyUsageCertSign
}

func sign(template, parent *x509.Certificate, key any, signer ed25519.PrivateKey) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(nil, template, parent, key, signer)
	if err != nil {
		return nil, fmt.Errorf("sign a certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}
