package identity

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

const (
	pemCertificate = "CERTIFICATE"
	pemKey         = "PRIVATE KEY"
)

func encodeCertificates(list []*x509.Certificate) []byte {
	var b bytes.Buffer
	for _, c := range list {
		b.Write(pem.EncodeToMemory(&pem.Block{Type: pemCertificate, Bytes: c.Raw}))
	}
	return b.Bytes()
}

// decodeCertificates reads one or more certificates and nothing else.
func decodeCertificates(data []byte, limit int) ([]*x509.Certificate, error) {
	var list []*x509.Certificate
	for len(bytes.TrimSpace(data)) > 0 {
		block, rest := pem.Decode(data)
		if block == nil || block.Type != pemCertificate {
			return nil, errors.New("want PEM blocks of type CERTIFICATE only")
		}
		if len(list) == limit {
			return nil, fmt.Errorf("more than %d certificates", limit)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		list, data = append(list, c), rest
	}
	if len(list) == 0 {
		return nil, errors.New("no certificate")
	}
	return list, nil
}

func encodeKey(key ed25519.PrivateKey) []byte {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err) // it encodes every Ed25519 key
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemKey, Bytes: der})
}

func decodeKey(data []byte) (ed25519.PrivateKey, error) {
	block, rest := pem.Decode(data)
	if block == nil || block.Type != pemKey || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("want one PEM block of type PRIVATE KEY")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, errors.New("not an Ed25519 key")
	}
	return key, nil
}

// ParseChain reads certificates in DER, as they come over the wire.
func ParseChain(ders [][]byte) ([]*x509.Certificate, error) {
	if len(ders) == 0 || len(ders) > maxChainCount {
		return nil, unauthenticated("a chain of %d certificates, want 1 to %d", len(ders), maxChainCount)
	}
	var list []*x509.Certificate
	for _, der := range ders {
		if len(der) > maxCertificateBytes {
			return nil, unauthenticated("certificate longer than %d bytes", maxCertificateBytes)
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, unauthenticated("%w", err)
		}
		list = append(list, c)
	}
	return list, nil
}

// EncodeChain is what ParseChain reads.
func EncodeChain(list []*x509.Certificate) [][]byte {
	var ders [][]byte
	for _, c := range list {
		ders = append(ders, c.Raw)
	}
	return ders
}
