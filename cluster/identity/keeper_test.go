package identity_test

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
)

// renewer signs with a CA, as often as it is not told to fail.
type renewer struct {
	ca    *identity.CA
	grant identity.Grant
	fails atomic.Int32
	calls atomic.Int32
	// answer, if set, takes the place of the CA.
	answer func(csr []byte) ([]*x509.Certificate, error)
}

func (r *renewer) Renew(_ context.Context, csr []byte) ([]*x509.Certificate, error) {
	r.calls.Add(1)
	if r.fails.Load() > 0 {
		r.fails.Add(-1)
		return nil, errors.New("no voter answers")
	}
	if r.answer != nil {
		return r.answer(csr)
	}
	return r.ca.Issue(csr, r.grant)
}

func keeperOf(t *testing.T, lifetime time.Duration, save func(*identity.Credential) error) (*identity.Keeper, *renewer) {
	t.Helper()
	ca := must(identity.NewRoot("alpha", time.Now, seeded(1)))(t)
	key, _ := newKey(t, 2)
	r := &renewer{ca: ca, grant: identity.Grant{Role: identity.Worker, Lifetime: lifetime}}
	chain := must(ca.Issue(must(identity.NewCSR(key))(t), r.grant))(t)
	k := identity.NewKeeper(identity.KeeperConfig{
		Credential: must(identity.NewCredential("alpha", key, chain, []*x509.Certificate{ca.Root()}))(t),
		Save:       save,
		Now:        time.Now,
		Rand:       rand.NewPCG(1, 2),
		Log:        slog.New(slog.DiscardHandler),
	})
	return k, r
}

func TestKeeperRenewsAtTwoThirds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var saved atomic.Int32
		k, r := keeperOf(t, 24*time.Hour, func(*identity.Credential) error { saved.Add(1); return nil })
		k.Start(r)
		first := k.Identity()
		time.Sleep(14 * time.Hour)
		if r.calls.Load() != 0 {
			t.Error("renewed before 60 % of its life")
		}
		time.Sleep(4 * time.Hour)
		if r.calls.Load() != 1 || saved.Load() != 1 {
			t.Errorf("after 75 %% of its life: %d calls, %d saved", r.calls.Load(), saved.Load())
		}
		if now := k.Identity(); now.ID != first.ID || now.Serial == first.Serial || !k.NotAfter().After(first.NotAfter) {
			t.Errorf("renewed %+v to %+v", first, now)
		}
		server, _ := k.GetCertificate(nil)
		client, _ := k.GetClientCertificate(nil)
		if server != k.Certificate() || client != server || server.Leaf.NotAfter != k.NotAfter() {
			t.Error("TLS shows another certificate than the current one")
		}
		time.Sleep(10 * 24 * time.Hour)
		if n := r.calls.Load(); n < 13 || n > 18 {
			t.Errorf("%d renewals in under eleven days", n)
		}
		k.Close()
		n := r.calls.Load()
		time.Sleep(48 * time.Hour)
		if r.calls.Load() != n {
			t.Error("renewed after Close")
		}
	})
}

func TestKeeperTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, r := keeperOf(t, 24*time.Hour, nil)
		r.fails.Store(12)
		k.Start(r)
		defer k.Close()
		for r.calls.Load() == 0 {
			time.Sleep(time.Second)
		}
		time.Sleep(time.Minute)
		if k.Err() == nil {
			t.Error("a failure does not show")
		}
		if n := r.calls.Load(); n < 5 || n > 8 {
			t.Errorf("%d attempts in the first minute", n)
		}
		time.Sleep(time.Hour)
		if k.Err() != nil || r.calls.Load() != 13 {
			t.Errorf("after an hour: %v, %d attempts", k.Err(), r.calls.Load())
		}
	})
}

// Whatever a renewer returns, the Keeper goes on with a certificate of its own.
func TestKeeperRefusesWrongCertificates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, answer := range map[string]func(r *renewer, csr []byte) ([]*x509.Certificate, error){
			"another role": func(r *renewer, csr []byte) ([]*x509.Certificate, error) {
				return r.ca.Issue(csr, identity.Grant{Role: identity.Voter})
			},
			"another key": func(r *renewer, _ []byte) ([]*x509.Certificate, error) {
				return r.ca.Issue(newCSR(t, 9), r.grant)
			},
			"another root": func(r *renewer, csr []byte) ([]*x509.Certificate, error) {
				return must(identity.NewRoot("alpha", time.Now, seeded(8)))(t).Issue(csr, r.grant)
			},
			"a shorter life": func(r *renewer, csr []byte) ([]*x509.Certificate, error) {
				return r.ca.Issue(csr, identity.Grant{Role: identity.Worker, Lifetime: time.Minute})
			},
			"nothing": func(*renewer, []byte) ([]*x509.Certificate, error) { return nil, nil },
		} {
			k, r := keeperOf(t, 24*time.Hour, nil)
			r.answer = func(csr []byte) ([]*x509.Certificate, error) { return answer(r, csr) }
			before := k.Identity()
			k.Start(r)
			time.Sleep(18 * time.Hour)
			if k.Identity() != before || k.Err() == nil {
				t.Errorf("%s: now %+v, error %v", name, k.Identity(), k.Err())
			}
			k.Close()
		}
	})
}

func TestKeeperUsesNothingThatIsNotStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, r := keeperOf(t, 24*time.Hour, func(*identity.Credential) error { return errDisk })
		before := k.Identity()
		k.Start(r)
		defer k.Close()
		time.Sleep(18 * time.Hour)
		if k.Identity() != before || !errors.Is(k.Err(), errDisk) {
			t.Errorf("now %+v, error %v", k.Identity(), k.Err())
		}
	})
}

func TestKeeperDoesNotSpinOnShortLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, r := keeperOf(t, 10*time.Minute, nil)
		r.answer = func(csr []byte) ([]*x509.Certificate, error) {
			// The issuer's clock is a day behind: what it signs is nearly over.
			late := k.NotAfter().Add(time.Second)
			past := must(identity.NewRoot("alpha", func() time.Time { return late.Add(-24 * time.Hour) }, seeded(1)))(t)
			return past.Issue(csr, r.grant)
		}
		k.Start(r)
		defer k.Close()
		time.Sleep(15 * time.Minute)
		if n := r.calls.Load(); n < 2 || n > 9*60 {
			t.Errorf("%d renewals in under nine minutes", n)
		}
	})
}

func TestReplaceTakesTheSameHolderOnly(t *testing.T) {
	ca := newRoot(t, "alpha", 1)
	roots := []*x509.Certificate{ca.Root()}
	credential := func(key ed25519.PrivateKey, g identity.Grant) *identity.Credential {
		chain := must(ca.Issue(must(identity.NewCSR(key))(t), g))(t)
		return must(identity.NewCredential("alpha", key, chain, roots))(t)
	}
	key, _ := newKey(t, 2)
	other, _ := newKey(t, 3)
	worker := identity.Grant{Role: identity.Worker}
	k := identity.NewKeeper(identity.KeeperConfig{Credential: credential(key, worker)})
	defer k.Close() // never started
	next := credential(key, worker)
	if err := k.Replace(next); err != nil || k.Current() != next {
		t.Errorf("its own: %v", err)
	}
	if err := k.Replace(credential(other, worker)); !fault.Is(err, fault.CodeUnauthenticated) {
		t.Errorf("another's: %v", err)
	}
	if err := k.Replace(credential(key, identity.Grant{Role: identity.Voter})); !fault.Is(err, fault.CodeUnauthenticated) {
		t.Errorf("another role: %v", err)
	}
}
