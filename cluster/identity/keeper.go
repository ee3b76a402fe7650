package identity

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"rpp-node/cluster/fault"
)

// Renewer gets a new certificate for the same key: a node asks a voter, a voter may ask
// its own issuer. It returns the chain, leaf first, without the root. Each call has a
// deadline in its context; the Keeper is the one that tries again.
type Renewer interface {
	Renew(ctx context.Context, csr []byte) ([]*x509.Certificate, error)
}

const (
	renewTimeout    = 30 * time.Second
	renewBackoffMin = time.Second
	renewBackoffMax = 5 * time.Minute
	// renewLook is how long a Keeper sleeps at most: the wall clock may have jumped.
	renewLook = 10 * time.Minute
)

// KeeperConfig is what a Keeper works with.
type KeeperConfig struct {
	Credential *Credential
	// Save makes a renewed credential durable before it is used; nil keeps it in memory.
	Save func(*Credential) error
	Now  func() time.Time
	Rand rand.Source // for jitter, used by the Keeper's goroutine only
	Log  *slog.Logger
}

// Keeper holds the credential in use and renews it. A handshake takes the newest one;
// connections that stand are not touched. Safe for concurrent use.
type Keeper struct {
	cfg     KeeperConfig
	current atomic.Pointer[Credential]
	failure atomic.Pointer[error]
	stop    context.CancelFunc // nil until Start
	done    sync.WaitGroup
}

// NewKeeper holds a credential; Start keeps it fresh.
func NewKeeper(cfg KeeperConfig) *Keeper {
	k := &Keeper{cfg: cfg}
	k.current.Store(cfg.Credential)
	return k
}

// Current is the credential in use.
func (k *Keeper) Current() *Credential { return k.current.Load() }

// Identity is who holds it.
func (k *Keeper) Identity() Identity { return k.Current().identity }

// NotAfter is when the certificate in use ends.
func (k *Keeper) NotAfter() time.Time { return k.Identity().NotAfter }

// Err is why the last attempt to renew failed; nil after a success.
func (k *Keeper) Err() error {
	if p := k.failure.Load(); p != nil {
		return *p
	}
	return nil
}

// Certificate is the one to show in the next handshake.
func (k *Keeper) Certificate() *tls.Certificate { return k.Current().tls }

// GetCertificate is for tls.Config of a server.
func (k *Keeper) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return k.Certificate(), nil
}

// GetClientCertificate is for tls.Config of a client.
func (k *Keeper) GetClientCertificate(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return k.Certificate(), nil
}

// Replace takes up a credential that came by another way, such as from the disk. It must
// be of the same holder.
func (k *Keeper) Replace(c *Credential) error {
	old, id := k.Identity(), c.identity
	if id.Cluster != old.Cluster || id.ID != old.ID || id.Role != old.Role || id.Tenant != old.Tenant {
		return unauthenticated("a certificate of %s does not replace that of %s", id, old)
	}
	k.current.Store(c)
	return nil
}

// Start begins to renew. It may be called once; Close ends it.
func (k *Keeper) Start(r Renewer) {
	ctx, cancel := context.WithCancel(context.Background())
	k.stop = cancel
	k.done.Go(func() { k.run(ctx, r) })
}

// Close ends the renewal, and waits for it. The credential stays usable.
func (k *Keeper) Close() {
	if k.stop != nil {
		k.stop()
	}
	k.done.Wait()
}

func (k *Keeper) run(ctx context.Context, r Renewer) {
	jitter := rand.New(k.cfg.Rand)
	for due := k.due(jitter); ; {
		wait := due.Sub(k.cfg.Now())
		if wait > 0 {
			if !sleep(ctx, min(wait, renewLook)) {
				return
			}
			continue
		}
		for backoff := renewBackoffMin; ; backoff = min(2*backoff, renewBackoffMax) {
			err := k.renew(ctx, r)
			if ctx.Err() != nil {
				return
			}
			if err == nil {
				k.failure.Store(nil)
				break
			}
			k.failure.Store(&err)
			// Half of it is drawn, so that nodes which failed together come back apart.
			pause := backoff/2 + time.Duration(jitter.Int64N(int64(backoff/2)))
			k.cfg.Log.Warn("certificate not renewed", "error", err, "expires", k.NotAfter(), "again_in", pause)
			if !sleep(ctx, pause) {
				return
			}
		}
		due = k.due(jitter)
		if soonest := k.cfg.Now().Add(renewBackoffMin); due.Before(soonest) {
			due = soonest // the issuer's clock is far behind: do not spin
		}
	}
}

// due is two thirds into the certificate's life, give or take a twentieth of it: the
// last quarter at least is left for trying again.
func (k *Keeper) due(jitter *rand.Rand) time.Time {
	leaf := k.Current().chain[0]
	issued := leaf.NotBefore.Add(backdate)
	life := leaf.NotAfter.Sub(issued)
	return issued.Add(life*2/3 + time.Duration((jitter.Float64()-0.5)*float64(life)/10))
}

func (k *Keeper) renew(ctx context.Context, r Renewer) error {
	ctx, cancel := context.WithTimeout(ctx, renewTimeout)
	defer cancel()
	old := k.Current()
	csr, err := NewCSR(old.key)
	if err != nil {
		return err
	}
	chain, err := r.Renew(ctx, csr)
	if err != nil {
		return err
	}
	c, err := NewCredential(old.identity.Cluster, old.key, chain, old.roots)
	if err != nil {
		return err
	}
	if !c.identity.NotAfter.After(old.identity.NotAfter) {
		return fault.New(fault.CodeIssuer, "the new certificate ends at %s, no later than the old one", c.identity.NotAfter.Format(time.RFC3339))
	}
	if k.cfg.Save != nil {
		if err := k.cfg.Save(c); err != nil {
			return errors.Join(errors.New("the new certificate is not stored"), err)
		}
	}
	if err := k.Replace(c); err != nil {
		return err
	}
	k.cfg.Log.Info("certificate renewed", "expires", c.identity.NotAfter, "serial", c.identity.Serial)
	return nil
}

// sleep waits, or returns false because the context ended.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
