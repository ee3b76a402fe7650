package identity

import (
	"crypto/x509"
	"time"

	"rpp-node/cluster/fault"
)

// Grant is what a certificate is to say beside its key.
type Grant struct {
	Role     Role
	Tenant   string        // of a validator
	Lifetime time.Duration // 0 means the role's default
}

func (g Grant) lifetime() (time.Duration, error) {
	limit, lifetime := PersonLifetimeMax, PersonLifetimeDefault
	if g.Role.Node() {
		limit, lifetime = NodeLifetimeMax, NodeLifetimeMax
	}
	if g.Lifetime != 0 {
		lifetime = g.Lifetime
	}
	if lifetime <= 0 || lifetime > limit {
		return 0, fault.New(fault.CodeField, "lifetime %s: a %s's certificate lasts more than 0 and at most %s", lifetime, g.Role, limit)
	}
	return lifetime, nil
}

// Issue signs a certificate for the key of a CSR and returns it with the issuers between
// it and the root, leaf first. Whatever else the CSR asks for is ignored.
func (ca *CA) Issue(csr []byte, g Grant) ([]*x509.Certificate, error) {
	key, err := parseCSR(csr)
	if err != nil {
		return nil, err
	}
	if !g.Role.known() {
		return nil, fault.New(fault.CodeField, "%s has no certificate", g.Role)
	}
	if err := checkTenantOf(g.Role, g.Tenant); err != nil {
		return nil, fault.New(fault.CodeField, "%w", err)
	}
	lifetime, err := g.lifetime()
	if err != nil {
		return nil, err
	}
	template, err := ca.template(name{ca.cluster, g.Role.String(), NodeIDOf(key), g.Tenant}, lifetime)
	if err != nil {
		return nil, err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	if g.Role.Node() { // a person's certificate answers no calls
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	return ca.signed(template, key)
}

// IssueIssuer signs for the key of a CSR with which the voter owner then issues
// certificates itself. The depth is bounded: at the limit, a CA nearer to the root must do it.
func (ca *CA) IssueIssuer(csr []byte, owner NodeID) ([]*x509.Certificate, error) {
	key, err := parseCSR(csr)
	if err != nil {
		return nil, err
	}
	below := ca.chain[0].MaxPathLen - 1
	if below < 0 {
		return nil, fault.New(fault.CodeIssuer, "this voter's issuer may not make another: it is %d below the root", MaxIssuers)
	}
	template, err := ca.template(name{cluster: ca.cluster, kind: kindIssuer, id: owner}, issuerLifetime)
	if err != nil {
		return nil, err
	}
	signsOthers(template, below)
	return ca.signed(template, key)
}

func (ca *CA) signed(template *x509.Certificate, key any) ([]*x509.Certificate, error) {
	c, err := sign(template, ca.chain[0], key, ca.key)
	if err != nil {
		return nil, err
	}
	return append([]*x509.Certificate{c}, ca.chain[:len(ca.chain)-1]...), nil
}
