//go:build linux

package processtest

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	mathrand "math/rand"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"

	"rpp-node/cluster/api"
	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/config"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/gossip"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/node"
	"rpp-node/cluster/transport"
)

// intruders has strangers knock: without a certificate, with one of another cluster of the
// same name, without the gossip key, with noise. And 100 newcomers share one token.
func intruders(r *rig) {
	r.start(4)
	foreign, err := r.foreigner()
	if err != nil {
		r.t.Fatal(err)
	}
	for name, certificates := range map[string][]tls.Certificate{"without a certificate": nil, "with another cluster's certificate": {*foreign}} {
		r.knocks(name, certificates)
		r.knocksAtRaft(name, certificates)
	}
	r.whispers()
	r.noise()
	r.race()
	r.recovered("strangers have knocked")
}

// foreigner founds another cluster of the same name, and returns its first voter's
// certificate.
func (r *rig) foreigner() (*tls.Certificate, error) {
	c := config.Default()
	c.Node.Name, c.Node.Data = "voter-1", filepath.Join(r.dir, "foreign")
	_, err := node.Found(node.Founding{Config: c, Cluster: "lab", Passphrase: []byte("another cluster"), Disk: identity.OS, Now: time.Now, Rand: rand.Reader})
	if err != nil {
		return nil, err
	}
	credential, err := identity.OpenDir(identity.OS, filepath.Join(c.Node.Data, "identity")).Load("lab")
	if err != nil {
		return nil, err
	}
	return credential.Certificate(), nil
}

// knocks makes calls of every kind; none may be answered.
func (r *rig) knocks(who string, certificates []tls.Certificate) {
	for _, p := range []*process{r.leader(), r.follower(), r.worker()} {
		var protocols http.Protocols
		protocols.SetHTTP2(true)
		through := &http.Client{Transport: &http.Transport{
			Protocols: &protocols,
			DialTLSContext: func(ctx context.Context, _, address string) (net.Conn, error) {
				conn, err := r.client.Dial(ctx, "tcp", address)
				if err != nil {
					return nil, err
				}
				secure := tls.Client(conn, &tls.Config{
					InsecureSkipVerify: true, // a stranger believes anybody
					Certificates:       certificates, NextProtos: []string{transport.ProtocolHTTP2}, MinVersion: tls.VersionTLS13,
				})
				return secure, secure.HandshakeContext(ctx)
			},
		}}
		c := api.NewClient(api.ClientConfig{HTTP: through, Addresses: []string{p.address()}, Rand: mathrand.New(mathrand.NewSource(1))})
		digest := make([]byte, 32)
		for name, call := range map[string]func(context.Context) error{
			"submit": func(ctx context.Context) error {
				_, err := c.Jobs.Submit(ctx, connect.NewRequest(&rppv1.SubmitRequest{Family: family, Witness: witness(16, 1), Tenant: tenants[0]}))
				return err
			},
			"status": func(ctx context.Context) error {
				_, err := c.Cluster.Status(ctx, connect.NewRequest(&rppv1.StatusRequest{}))
				return err
			},
			"token": func(ctx context.Context) error {
				_, err := c.Cluster.CreateToken(ctx, connect.NewRequest(&rppv1.CreateTokenRequest{Role: "voter"}))
				return err
			},
			"chunk": func(ctx context.Context) error {
				_, err := c.Peer.Chunk(ctx, connect.NewRequest(&internalv1.ChunkRequest{Digest: digest}))
				return err
			},
			"witness": func(ctx context.Context) error {
				_, err := c.Peer.StoreWitness(ctx, connect.NewRequest(&internalv1.StoreWitnessRequest{Witness: []byte{1}, Digest: digest, Job: digest}))
				return err
			},
			"join": func(ctx context.Context) error {
				_, err := c.Join.Join(ctx, connect.NewRequest(&internalv1.JoinRequest{Token: "rpp1-none", Name: "stranger"}))
				return err
			},
		} {
			ctx, cancel := context.WithTimeout(r.t.Context(), 500*time.Millisecond)
			err := call(ctx)
			cancel()
			if err == nil {
				r.tally.count(&r.tally.wrong)
				r.t.Errorf("%s answers a stranger %s: %s", p.name, who, name)
			}
		}
		through.CloseIdleConnections()
	}
}

// knocksAtRaft offers a connection of Raft's to every voter.
func (r *rig) knocksAtRaft(who string, certificates []tls.Certificate) {
	for _, p := range r.voters() {
		ctx, cancel := context.WithTimeout(r.t.Context(), 3*time.Second)
		conn, err := r.client.Dial(ctx, "tcp", p.address())
		if err != nil {
			r.t.Error(err)
			cancel()
			continue
		}
		secure := tls.Client(conn, &tls.Config{InsecureSkipVerify: true, Certificates: certificates, NextProtos: []string{transport.ProtocolRaft}, MinVersion: tls.VersionTLS13})
		err = secure.HandshakeContext(ctx)
		if err == nil {
			// In TLS 1.3 a client learns of a refusal with the first answer.
			secure.SetDeadline(time.Now().Add(2 * time.Second))
			_, err = secure.Read(make([]byte, 1))
		}
		var silent net.Error
		if err == nil || errors.As(err, &silent) && silent.Timeout() {
			r.tally.count(&r.tally.wrong)
			r.t.Errorf("%s keeps a stranger's connection to Raft, %s", p.name, who)
		}
		conn.Close()
		cancel()
	}
}

// whispers joins gossip with another key.
func (r *rig) whispers() {
	key := make([]byte, gossip.KeyBytes)
	rand.Read(key)
	var seeds []string
	for _, p := range r.nodes {
		seeds = append(seeds, p.host.Address(gossipPort))
	}
	err := r.client.Do(func() error {
		g, err := gossip.Open(gossip.Config{
			ID: gossip.ID{1}, Name: "stranger", Cluster: "lab", Keys: [][]byte{key}, Meta: gossip.Meta{ID: gossip.ID{1}, Role: gossip.Voter}, Bind: r.client.Address(gossipPort), Now: time.Now,
		})
		if err != nil {
			return err
		}
		defer g.Close()
		ctx, cancel := context.WithTimeout(r.t.Context(), 5*time.Second)
		defer cancel()
		if err := g.Join(ctx, seeds); err == nil {
			r.tally.count(&r.tally.wrong)
			r.t.Error("gossip lets a stranger in")
		}
		if n := len(g.Members()); n > 1 {
			r.tally.count(&r.tally.wrong)
			r.t.Errorf("gossip has told a stranger of %d others", n-1)
		}
		return nil
	})
	if err != nil {
		r.t.Error(err)
	}
	s, err := r.clusterStatus()
	if err != nil {
		r.t.Error(err)
	}
	for _, m := range s.GetMembers() {
		if m.Name == "stranger" {
			r.tally.count(&r.tally.wrong)
			r.t.Error("a stranger is a member")
		}
	}
}

// noise sends bytes without meaning to every port.
func (r *rig) noise() {
	for _, p := range r.nodes {
		for _, to := range []struct {
			network string
			port    uint16
		}{{"tcp", apiPort}, {"tcp", gossipPort}, {"udp", gossipPort}} {
			for i := range 20 {
				ctx, cancel := context.WithTimeout(r.t.Context(), time.Second)
				conn, err := r.client.Dial(ctx, to.network, p.host.Address(to.port))
				cancel()
				if err != nil {
					continue
				}
				b := make([]byte, 1+r.random.IntN(1200))
				for j := range b {
					b[j] = byte(r.random.Uint32())
				}
				b[0] = byte(i)
				conn.Write(b)
				conn.Close()
			}
		}
		if !p.alive() {
			r.t.Errorf("noise: %s", p.unexpected())
		}
	}
}

// race has 100 newcomers spend one token.
func (r *rig) race() {
	text, err := r.token(identity.Validator, tenants[0])
	if err != nil {
		r.t.Error(err)
		return
	}
	t, err := identity.ParseToken(text)
	if err != nil {
		r.t.Error(err)
		return
	}
	var won atomic.Int64
	var all sync.WaitGroup
	for i := range 100 {
		all.Add(1)
		go func() {
			defer all.Done()
			ctx, cancel := context.WithTimeout(r.t.Context(), 30*time.Second)
			defer cancel()
			_, err := node.Join(ctx, node.Joining{
				Token: t, Data: filepath.Join(r.dir, fmt.Sprint("newcomer-", i)), Version: "test", Disk: identity.OS, Now: time.Now, Rand: rand.Reader,
				Dial: func(ctx context.Context, address string) (net.Conn, error) { return r.client.Dial(ctx, "tcp", address) },
			})
			switch {
			case err == nil:
				won.Add(1)
			case !fault.Is(err, fault.CodeTokenSpent):
				r.t.Errorf("newcomer %d: %v", i, err)
			}
		}()
	}
	all.Wait()
	if n := won.Load(); n != 1 {
		r.tally.count(&r.tally.wrong)
		r.t.Errorf("%d of 100 newcomers have won the race for one token", n)
	}
}
