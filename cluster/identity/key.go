package identity

import (
	"crypto/ed25519"
	"crypto/x509"
	"fmt"
	"io"

	"rpp-node/cluster/fault"
)

// NewKey makes a key from 32 bytes of rand.
func NewKey(rand io.Reader) (ed25519.PrivateKey, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(rand, seed); err != nil {
		return nil, fmt.Errorf("random numbers: %w", err)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// NewCSR asks for a certificate of a key, as PKCS #10 in DER. It says nothing else: who
// the holder is, the issuer decides.
func NewCSR(key ed25519.PrivateKey) ([]byte, error) {
	return x509.CreateCertificateRequest(nil, &x509.CertificateRequest{}, key)
}

// parseCSR takes the key out of a request that was signed with it.
func parseCSR(der []byte) (ed25519.PublicKey, error) {
	if len(der) > maxCSRBytes {
		return nil, fault.New(fault.CodeTooBig, "certificate request: %d bytes, at most %d", len(der), maxCSRBytes)
	}
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return nil, fault.New(fault.CodeField, "certificate request: %w", err)
	}
	key, ok := csr.PublicKey.(ed25519.PublicKey)
	if !ok {
		return nil, fault.New(fault.CodeField, "certificate request: the key is %s, want Ed25519", csr.PublicKeyAlgorithm)
	}
	if err := csr.CheckSignature(); err != nil {
		return nil, fault.New(fault.CodeField, "certificate request: not signed by its key: %w", err)
	}
	return key, nil
}
