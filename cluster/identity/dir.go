package identity

import (
	"crypto/ed25519"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"time"

	"rpp-node/cluster/fault"
)

// The files of an identity directory, in PEM.
const (
	fileKey        = "node.key"         // private; kept over renewals
	fileChain      = "node.crt"         // leaf first, without the root
	fileRoots      = "ca.crt"           // the pinned roots
	fileIssuerKey  = "intermediate.key" // private; of voters
	fileIssuerCert = "intermediate.crt" // the issuer first, without the root
)

const (
	privatePerm fs.FileMode = 0o600
	publicPerm  fs.FileMode = 0o644
)

// ErrNotJoined says that a directory holds no certificate yet.
var ErrNotJoined = errors.New("this node has not joined a cluster")

// Dir is a directory with one node's, or one person's, identity. The certificate is
// written last: where there is one, the rest is complete. Joining may therefore be
// repeated after a crash, and asks with the same key.
type Dir struct {
	fs   FS
	path string
}

// OpenDir names a directory. Nothing is read or made yet.
func OpenDir(disk FS, path string) *Dir { return &Dir{disk, path} }

// Key reads the private key, or makes it.
func (d *Dir) Key(rand io.Reader) (ed25519.PrivateKey, error) { return d.keyOrNew(fileKey, rand) }

// IssuerKey reads the private key of a voter's issuer, or makes it.
func (d *Dir) IssuerKey(rand io.Reader) (ed25519.PrivateKey, error) {
	return d.keyOrNew(fileIssuerKey, rand)
}

func (d *Dir) keyOrNew(file string, rand io.Reader) (ed25519.PrivateKey, error) {
	key, err := d.key(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if key, err = NewKey(rand); err != nil {
		return nil, err
	}
	if err := d.write(file, encodeKey(key), privatePerm); err != nil {
		return nil, err
	}
	return key, nil
}

// Save makes a credential durable. The key is written too if the directory has another.
func (d *Dir) Save(c *Credential) error {
	if key, err := d.key(fileKey); err != nil || !key.Equal(c.key) {
		if err := d.write(fileKey, encodeKey(c.key), privatePerm); err != nil {
			return err
		}
	}
	if err := d.write(fileRoots, encodeCertificates(c.roots), publicPerm); err != nil {
		return err
	}
	return d.write(fileChain, encodeCertificates(c.chain), publicPerm)
}

// Load reads the credential, which may have expired. Without a certificate it fails with
// ErrNotJoined.
func (d *Dir) Load(cluster string) (*Credential, error) {
	chain, err := d.certificates(fileChain, maxChainCount)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotJoined
	}
	if err != nil {
		return nil, err
	}
	key, err := d.key(fileKey)
	if err != nil {
		return nil, d.missing(fileKey, err)
	}
	roots, err := d.certificates(fileRoots, maxRootCount)
	if err != nil {
		return nil, d.missing(fileRoots, err)
	}
	return NewCredential(cluster, key, chain, roots)
}

// Cluster says which cluster the certificate in the directory is of, for those that have
// not been told.
func (d *Dir) Cluster() (string, error) {
	chain, err := d.certificates(fileChain, maxChainCount)
	if errors.Is(err, fs.ErrNotExist) {
		return "", ErrNotJoined
	}
	if err != nil {
		return "", err
	}
	if len(chain[0].URIs) != 1 {
		return "", d.damaged(fileChain, errors.New("not a node's certificate"))
	}
	n, err := parseName(chain[0].URIs[0].String())
	if err != nil {
		return "", d.damaged(fileChain, err)
	}
	return n.cluster, nil
}

// SaveIssuer makes a voter's issuer durable.
func (d *Dir) SaveIssuer(ca *CA) error {
	if key, err := d.key(fileIssuerKey); err != nil || !key.Equal(ca.key) {
		if err := d.write(fileIssuerKey, encodeKey(ca.key), privatePerm); err != nil {
			return err
		}
	}
	return d.write(fileIssuerCert, encodeCertificates(ca.chain[:len(ca.chain)-1]), publicPerm)
}

// LoadIssuer reads a voter's issuer. A node that has none gets an error that wraps
// fs.ErrNotExist.
func (d *Dir) LoadIssuer(cluster string, now func() time.Time, rand io.Reader) (*CA, error) {
	chain, err := d.certificates(fileIssuerCert, MaxIssuers)
	if err != nil {
		return nil, err
	}
	key, err := d.key(fileIssuerKey)
	if err != nil {
		return nil, d.missing(fileIssuerKey, err)
	}
	roots, err := d.certificates(fileRoots, maxRootCount)
	if err != nil {
		return nil, d.missing(fileRoots, err)
	}
	top := chain[len(chain)-1]
	for _, root := range roots {
		if top.CheckSignatureFrom(root) == nil {
			return NewCA(cluster, key, append(chain, root), now, rand)
		}
	}
	return nil, d.damaged(fileIssuerCert, fmt.Errorf("not signed by a root in %s", fileRoots))
}

func (d *Dir) key(file string) (ed25519.PrivateKey, error) {
	data, perm, err := d.fs.Read(filepath.Join(d.path, file), maxFileBytes)
	if err != nil {
		return nil, d.wrap(file, err)
	}
	if perm&0o077 != 0 {
		return nil, fault.New(fault.CodeIdentityFile, "%[1]s: permissions %#[2]o let others at a private key; 'chmod 600 %[1]s'",
			filepath.Join(d.path, file), perm)
	}
	key, err := decodeKey(data)
	if err != nil {
		return nil, d.damaged(file, err)
	}
	return key, nil
}

func (d *Dir) certificates(file string, limit int) ([]*x509.Certificate, error) {
	data, _, err := d.fs.Read(filepath.Join(d.path, file), maxFileBytes)
	if err != nil {
		return nil, d.wrap(file, err)
	}
	list, err := decodeCertificates(data, limit)
	if err != nil {
		return nil, d.damaged(file, err)
	}
	return list, nil
}

func (d *Dir) write(file string, data []byte, perm fs.FileMode) error {
	return d.wrap(file, d.fs.WriteAtomic(filepath.Join(d.path, file), data, perm))
}

func (d *Dir) wrap(file string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("identity directory: %s: %w", file, err)
}

func (d *Dir) damaged(file string, err error) error {
	return fault.New(fault.CodeIdentityFile, "%s: %w", filepath.Join(d.path, file), err)
}

// missing is about a file that must be there since a certificate is.
func (d *Dir) missing(file string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fault.New(fault.CodeIdentityFile, "%s is missing beside its certificate: %w", filepath.Join(d.path, file), err)
	}
	return err
}
