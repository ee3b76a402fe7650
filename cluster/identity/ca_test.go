package identity_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"testing"
	"time"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
)

func TestIssuedCertificateNamesItsHolder(t *testing.T) {
	root := newRoot(t, "alpha", 1)
	v := identity.NewVerifier(trust(root.Root()))
	for _, c := range []struct {
		grant identity.Grant
		ends  time.Duration
	}{
		{identity.Grant{Role: identity.Voter}, 24 * time.Hour},
		{identity.Grant{Role: identity.Worker, Lifetime: time.Hour}, time.Hour},
		{identity.Grant{Role: identity.Validator, Tenant: "acme"}, 7 * 24 * time.Hour},
		{identity.Grant{Role: identity.Operator, Lifetime: 30 * 24 * time.Hour}, 30 * 24 * time.Hour},
		{identity.Grant{Role: identity.Auditor}, 7 * 24 * time.Hour},
	} {
		t.Run(c.grant.Role.String(), func(t *testing.T) {
			_, id := newKey(t, 7)
			chain := must(root.Issue(newCSR(t, 7), c.grant))(t)
			got := must(v.Client(chain))(t)
			want := identity.Identity{Cluster: "alpha", ID: id, Role: c.grant.Role, Tenant: c.grant.Tenant,
				Serial: got.Serial, NotAfter: epoch.Add(c.ends)}
			if got != want {
				t.Errorf("identity = %+v, want %+v", got, want)
			}
			if len(got.Serial) != 32 {
				t.Errorf("serial %q is not 128 bits", got.Serial)
			}
			if want := epoch.Add(-5 * time.Minute); !chain[0].NotBefore.Equal(want) {
				t.Errorf("begins %s, want %s", chain[0].NotBefore, want)
			}
			if _, err := v.Server(chain); (err == nil) != c.grant.Role.Node() {
				t.Errorf("as a server: %v", err)
			}
		})
	}
}

func TestIssueRefusals(t *testing.T) {
	root := newRoot(t, "alpha", 1)
	good := newCSR(t, 2)
	p256, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other := must(x509.CreateCertificateRequest(crand.Reader, &x509.CertificateRequest{}, p256))(t)
	forged := bytes.Clone(good)
	forged[len(forged)-1] ^= 1
	key, _ := newKey(t, 2)
	huge := must(x509.CreateCertificateRequest(nil, &x509.CertificateRequest{
		Subject: pkix.Name{CommonName: string(bytes.Repeat([]byte("x"), 3000))}}, key))(t)
	worker := identity.Grant{Role: identity.Worker}
	for name, c := range map[string]struct {
		csr   []byte
		grant identity.Grant
		code  fault.Code
	}{
		"no CSR":                   {nil, worker, fault.CodeField},
		"trailing byte":            {append(bytes.Clone(good), 0), worker, fault.CodeField},
		"forged signature":         {forged, worker, fault.CodeField},
		"other key type":           {other, worker, fault.CodeField},
		"too long":                 {huge, worker, fault.CodeTooBig},
		"no role":                  {good, identity.Grant{}, fault.CodeField},
		"unknown role":             {good, identity.Grant{Role: 9}, fault.CodeField},
		"validator without tenant": {good, identity.Grant{Role: identity.Validator}, fault.CodeField},
		"worker with tenant":       {good, identity.Grant{Role: identity.Worker, Tenant: "acme"}, fault.CodeField},
		"tenant with escape":       {good, identity.Grant{Role: identity.Validator, Tenant: "a%b"}, fault.CodeField},
		"node, 25 hours":           {good, identity.Grant{Role: identity.Voter, Lifetime: 25 * time.Hour}, fault.CodeField},
		"person, 31 days":          {good, identity.Grant{Role: identity.Operator, Lifetime: 31 * 24 * time.Hour}, fault.CodeField},
		"negative lifetime":        {good, identity.Grant{Role: identity.Voter, Lifetime: -1}, fault.CodeField},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := root.Issue(c.csr, c.grant); !fault.Is(err, c.code) {
				t.Errorf("error = %v, want %s", err, c.code)
			}
		})
	}
}

func TestIssueIgnoresWhatTheRequestAsksFor(t *testing.T) {
	root := newRoot(t, "alpha", 1)
	key, _ := newKey(t, 2)
	csr := must(x509.CreateCertificateRequest(nil, &x509.CertificateRequest{
		Subject:  pkix.Name{CommonName: "operator"},
		DNSNames: []string{"leader.alpha"},
	}, key))(t)
	leaf := must(root.Issue(csr, identity.Grant{Role: identity.Worker}))(t)[0]
	if len(leaf.DNSNames) != 0 || leaf.Subject.CommonName == "operator" || leaf.IsCA {
		t.Errorf("the certificate took over %v, %q, CA %v", leaf.DNSNames, leaf.Subject.CommonName, leaf.IsCA)
	}
}

func TestIssuersReachTheLimitAndNoFurther(t *testing.T) {
	root := newRoot(t, "alpha", 1)
	v := identity.NewVerifier(trust(root.Root()))
	ca := root
	for depth := range identity.MaxIssuers {
		ca = subIssuer(t, ca, byte(10+depth), at(epoch))
		chain := must(ca.Issue(newCSR(t, 2), identity.Grant{Role: identity.Worker}))(t)
		if len(chain) != depth+2 {
			t.Fatalf("%d below the root: a chain of %d", depth+1, len(chain))
		}
		must(v.Server(chain))(t)
	}
	_, owner := newKey(t, 20)
	if _, err := ca.IssueIssuer(newCSR(t, 20), owner); !fault.Is(err, fault.CodeIssuer) {
		t.Errorf("one below the limit: %v, want %s", err, fault.CodeIssuer)
	}
}

func TestCertificatesEndWithTheirIssuer(t *testing.T) {
	root := newRoot(t, "alpha", 1)
	now := epoch
	ca := subIssuer(t, root, 2, func() time.Time { return now })
	now = ca.NotAfter().Add(-time.Hour)
	leaf := must(ca.Issue(newCSR(t, 3), identity.Grant{Role: identity.Voter}))(t)[0]
	if !leaf.NotAfter.Equal(ca.NotAfter()) {
		t.Errorf("ends %s, its issuer %s", leaf.NotAfter, ca.NotAfter())
	}
	now = ca.NotAfter()
	if _, err := ca.Issue(newCSR(t, 3), identity.Grant{Role: identity.Voter}); !fault.Is(err, fault.CodeIssuer) {
		t.Errorf("from an issuer that has ended: %v", err)
	}
}

func TestNewCARefusesWhatDoesNotFit(t *testing.T) {
	root, other := newRoot(t, "alpha", 1), newRoot(t, "alpha", 2)
	key, owner := newKey(t, 3)
	chain := append(must(root.IssueIssuer(must(identity.NewCSR(key))(t), owner))(t), root.Root())
	wrong, _ := newKey(t, 4)
	if _, err := identity.NewCA("alpha", wrong, chain, at(epoch), seeded(0)); !fault.Is(err, fault.CodeIdentityFile) {
		t.Errorf("another key: %v", err)
	}
	if _, err := identity.NewCA("beta", key, chain, at(epoch), seeded(0)); !fault.Is(err, fault.CodeWrongCluster) {
		t.Errorf("another cluster: %v", err)
	}
	swapped := []*x509.Certificate{chain[0], other.Root()}
	if _, err := identity.NewCA("alpha", key, swapped, at(epoch), seeded(0)); !fault.Is(err, fault.CodeIdentityFile) {
		t.Errorf("another root: %v", err)
	}
	if _, err := identity.NewCA("alpha", key, nil, at(epoch), seeded(0)); !fault.Is(err, fault.CodeIdentityFile) {
		t.Errorf("no chain: %v", err)
	}
}

func TestNothingSecretIsPrinted(t *testing.T) {
	root := newRoot(t, "alpha", 1)
	key, _ := newKey(t, 3)
	chain := must(root.Issue(must(identity.NewCSR(key))(t), identity.Grant{Role: identity.Worker}))(t)
	cred := must(identity.NewCredential("alpha", key, chain, []*x509.Certificate{root.Root()}))(t)
	rootKey := must(identity.NewKey(seeded(1)))(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		for what, c := range map[string]struct {
			value  any
			secret []byte
		}{
			"credential": {cred, key.Seed()},
			"CA":         {root, rootKey.Seed()},
			"secret":     {identity.Secret(key.Seed()), key.Seed()},
			"token":      {identity.Token{Secret: identity.Secret(key.Seed())}, key.Seed()},
		} {
			got := fmt.Sprintf(verb, c.value)
			for _, shown := range []string{
				fmt.Sprintf("%x", c.secret), fmt.Sprintf("%d", c.secret[:4])[1:8], string(c.secret), fmt.Sprintf("%#v", c.secret[:4])[7:20],
			} {
				if bytes.Contains([]byte(got), []byte(shown)) {
					t.Errorf("%s with %s shows %q", what, verb, shown)
				}
			}
		}
	}
}

func FuzzCSR(f *testing.F) {
	root := newRoot(f, "alpha", 1)
	v := identity.NewVerifier(trust(root.Root()))
	f.Add(newCSR(f, 2))
	f.Add([]byte{0x30, 0x80})
	f.Fuzz(func(t *testing.T, csr []byte) {
		chain, err := root.Issue(csr, identity.Grant{Role: identity.Worker})
		if err != nil {
			return
		}
		if _, err := v.Client(chain); err != nil {
			t.Fatalf("issued a certificate that is refused: %v", err)
		}
	})
}
