package node

import (
	"crypto/ed25519"
	"crypto/x509"

	"github.com/zeebo/blake3"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/cluster/identity"
)

// ed25519Of reads a public key in SPKI form.
func ed25519Of(spki []byte) (ed25519.PublicKey, bool) {
	k, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return nil, false
	}
	public, ok := k.(ed25519.PublicKey)
	return public, ok
}

func errOtherCluster(got, want string) error {
	return fault.New(fault.CodeWrongCluster, "it is of cluster %q, this is %q", got, want)
}

func digestOf(b []byte) fsm.Digest { return blake3.Sum256(b) }

// csrKey is the key that a certificate is asked for. The CSR's signature is checked when it
// is signed.
func csrKey(der []byte) (ed25519.PublicKey, []byte, error) {
	csr, err := x509.ParseCertificateRequest(der)
	if err == nil {
		err = csr.CheckSignature()
	}
	if err != nil {
		return nil, nil, fault.New(fault.CodeField, "csr: %w", err)
	}
	key, ok := csr.PublicKey.(ed25519.PublicKey)
	if !ok {
		return nil, nil, fault.New(fault.CodeField, "csr: a key of type %T, want Ed25519", csr.PublicKey)
	}
	return key, fsm.SPKI(key), nil
}

// fixed is a credential that nobody renews.
type fixed struct{ *identity.Credential }
