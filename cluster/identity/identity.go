package identity

import (
	"crypto/ed25519"
	"crypto/x509"
	"time"

	"rpp-node/cluster/fault"
)

// Identity is who stands behind a certificate. The zero value is nobody: Anonymous.
type Identity struct {
	Cluster  string
	ID       NodeID
	Role     Role
	Tenant   string // of validators only
	Serial   string // hexadecimal, for logs and the audit
	NotAfter time.Time
}

// URI is the name in the certificate.
func (i Identity) URI() string {
	return name{i.Cluster, i.Role.String(), i.ID, i.Tenant}.String()
}

func (i Identity) String() string {
	if i.Role == Anonymous {
		return i.Role.String()
	}
	return i.URI()
}

// FromCertificate reads the identity in a leaf certificate of the cluster. It does not
// ask who signed it: see Verifier.
func FromCertificate(c *x509.Certificate, cluster string) (Identity, error) {
	n, err := nameIn(c, cluster)
	if err != nil {
		return Identity{}, err
	}
	role, err := ParseRole(n.kind)
	if err != nil {
		return Identity{}, unauthenticated("a certificate that signs others (%s) names nobody", n.kind)
	}
	key, ok := c.PublicKey.(ed25519.PublicKey)
	if !ok {
		return Identity{}, unauthenticated("the key is %s, want Ed25519", c.PublicKeyAlgorithm)
	}
	if NodeIDOf(key) != n.id {
		return Identity{}, unauthenticated("the name %s is not that of the key", n.id.Short())
	}
	return Identity{cluster, n.id, role, n.tenant, c.SerialNumber.Text(16), c.NotAfter}, nil
}

// nameIn finds the one name of a certificate. The cluster comes first: whoever dialled
// into another cluster wants to hear that, and not what else differs there.
func nameIn(c *x509.Certificate, cluster string) (name, error) {
	if len(c.Raw) > maxCertificateBytes {
		return name{}, unauthenticated("certificate longer than %d bytes", maxCertificateBytes)
	}
	if len(c.URIs) != 1 {
		return name{}, unauthenticated("the certificate has %d URI names, want one", len(c.URIs))
	}
	n, err := parseName(c.URIs[0].String())
	if err != nil {
		return name{}, unauthenticated("%w", err)
	}
	if n.cluster != cluster {
		return name{}, fault.New(fault.CodeWrongCluster, "a certificate of cluster %s, this is %s", n.cluster, cluster)
	}
	return n, nil
}

func unauthenticated(format string, args ...any) error {
	return fault.New(fault.CodeUnauthenticated, format, args...)
}
