package identity_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"flag"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rpp-node/cluster/identity"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(t time.Time) func() time.Time { return func() time.Time { return t } }

func seeded(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func newRoot(t testing.TB, cluster string, seed byte) *identity.CA {
	t.Helper()
	return must(identity.NewRoot(cluster, at(epoch), seeded(seed)))(t)
}

func newKey(t testing.TB, seed byte) (ed25519.PrivateKey, identity.NodeID) {
	t.Helper()
	key := must(identity.NewKey(seeded(seed)))(t)
	return key, identity.NodeIDOf(key.Public().(ed25519.PublicKey))
}

func newCSR(t testing.TB, seed byte) []byte {
	t.Helper()
	key, _ := newKey(t, seed)
	return must(identity.NewCSR(key))(t)
}

func trust(roots ...*x509.Certificate) identity.Trust {
	return identity.Trust{Cluster: "alpha", Roots: roots, Now: at(epoch)}
}

// subIssuer makes the issuer of a voter below ca.
func subIssuer(t testing.TB, ca *identity.CA, seed byte, now func() time.Time) *identity.CA {
	t.Helper()
	key, owner := newKey(t, seed)
	chain := must(ca.IssueIssuer(must(identity.NewCSR(key))(t), owner))(t)
	return must(identity.NewCA(ca.Cluster(), key, append(chain, ca.Root()), now, seeded(seed)))(t)
}

// updating says that the golden files are to be written anew.
func updating() bool { return flag.Lookup("update").Value.String() == "true" }
