package identity

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/chacha20poly1305"

	"rpp-node/cluster/fault"
)

// The sealed root: the certificate in clear, the key under a passphrase. Its bytes are
// shown in docs/identity.md.
const (
	sealMagic   = "RPPSEALD"
	sealVersion = 1

	sealSaltBytes  = 16
	sealHeadBytes  = len(sealMagic) + 4*4 + sealSaltBytes + chacha20poly1305.NonceSizeX + 4
	sealedKeyBytes = ed25519.SeedSize + chacha20poly1305.Overhead

	sealPassesMax    = 16
	sealMemoryKiBMax = 1 << 20
	sealLanesMax     = 16
)

// sealCost is what guessing a passphrase costs: Argon2id, as RFC 9106, section 4,
// recommends it for machines that cannot spare 2 GiB.
type sealCost struct{ passes, memoryKiB, lanes uint32 }

var sealCostDefault = sealCost{passes: 3, memoryKiB: 64 << 10, lanes: 4}

// Seal encrypts the root for the operator to keep. Nobody else needs it: it only makes
// the issuers of voters.
func (ca *CA) Seal(passphrase []byte) ([]byte, error) {
	if len(ca.chain) != 1 {
		return nil, fault.New(fault.CodeIssuer, "only the root is sealed, and this is a voter's issuer")
	}
	if len(passphrase) < minPassphraseBytes || len(passphrase) > maxPassphraseBytes {
		return nil, fault.New(fault.CodeField, "passphrase: %d bytes, want %d to %d", len(passphrase), minPassphraseBytes, maxPassphraseBytes)
	}
	return ca.seal(passphrase, sealCostDefault)
}

func (ca *CA) seal(passphrase []byte, cost sealCost) ([]byte, error) {
	var random [sealSaltBytes + chacha20poly1305.NonceSizeX]byte
	ca.mu.Lock()
	_, err := io.ReadFull(ca.rand, random[:])
	ca.mu.Unlock()
	if err != nil {
		return nil, fmt.Errorf("random numbers: %w", err)
	}
	b := []byte(sealMagic)
	for _, v := range []uint32{sealVersion, cost.passes, cost.memoryKiB, cost.lanes} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	b = append(b, random[:]...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(ca.Root().Raw)))
	b = append(b, ca.Root().Raw...)
	salt, nonce := random[:sealSaltBytes], random[sealSaltBytes:]
	aead, err := chacha20poly1305.NewX(cost.key(passphrase, salt))
	if err != nil {
		return nil, err
	}
	return aead.Seal(b, nonce, ca.key.Seed(), b), nil
}

func (c sealCost) key(passphrase, salt []byte) []byte {
	return argon2.IDKey(passphrase, salt, c.passes, c.memoryKiB, uint8(c.lanes), chacha20poly1305.KeySize)
}

// SealedRoot is a sealed root that has been read but not opened.
type SealedRoot struct {
	cost        sealCost
	salt, nonce []byte
	head, key   []byte // what is authenticated, what is encrypted
	root        *x509.Certificate
	cluster     string
}

// ParseSealedRoot reads what Seal wrote.
func ParseSealedRoot(b []byte) (*SealedRoot, error) {
	bad := func(format string, args ...any) (*SealedRoot, error) {
		return nil, fault.New(fault.CodeIdentityFile, "sealed root: "+format, args...)
	}
	if len(b) > maxSealedBytes {
		return bad("longer than %d bytes", maxSealedBytes)
	}
	if len(b) < sealHeadBytes+sealedKeyBytes || string(b[:len(sealMagic)]) != sealMagic {
		return bad("not a sealed root")
	}
	word := func(at int) uint32 { return binary.LittleEndian.Uint32(b[at:]) }
	if v := word(8); v != sealVersion {
		return bad("version %d, this release reads %d", v, sealVersion)
	}
	s := &SealedRoot{
		cost:  sealCost{word(12), word(16), word(20)},
		salt:  b[24:40],
		nonce: b[40:64],
		head:  b[:len(b)-sealedKeyBytes],
		key:   b[len(b)-sealedKeyBytes:],
	}
	if s.cost.passes < 1 || s.cost.passes > sealPassesMax || s.cost.lanes < 1 || s.cost.lanes > sealLanesMax ||
		s.cost.memoryKiB < 8*s.cost.lanes || s.cost.memoryKiB > sealMemoryKiBMax {
		return bad("cost %d passes, %d KiB, %d lanes is out of range", s.cost.passes, s.cost.memoryKiB, s.cost.lanes)
	}
	der := s.head[sealHeadBytes:]
	if uint64(word(64)) != uint64(len(der)) || len(der) > maxCertificateBytes {
		return bad("its certificate's length is wrong")
	}
	var err error
	if s.root, err = x509.ParseCertificate(der); err != nil {
		return bad("its certificate: %w", err)
	}
	if len(s.root.URIs) != 1 {
		return bad("its certificate has %d URI names, want one", len(s.root.URIs))
	}
	n, err := parseName(s.root.URIs[0].String())
	if err != nil || n.kind != kindRoot {
		return bad("its certificate is not a root's")
	}
	s.cluster = n.cluster
	return s, nil
}

// Cluster says whose root it is; only opening it proves that.
func (s *SealedRoot) Cluster() string { return s.cluster }

// Open decrypts the root.
func (s *SealedRoot) Open(passphrase []byte, now func() time.Time, rand io.Reader) (*CA, error) {
	if len(passphrase) > maxPassphraseBytes {
		return nil, fault.New(fault.CodePassphrase, "the passphrase is longer than %d bytes", maxPassphraseBytes)
	}
	aead, err := chacha20poly1305.NewX(s.cost.key(passphrase, s.salt))
	if err != nil {
		return nil, err
	}
	seed, err := aead.Open(nil, s.nonce, s.key, s.head)
	if err != nil {
		return nil, fault.New(fault.CodePassphrase, "wrong passphrase, or the file is damaged")
	}
	return NewCA(s.cluster, ed25519.NewKeyFromSeed(seed), []*x509.Certificate{s.root}, now, rand)
}
