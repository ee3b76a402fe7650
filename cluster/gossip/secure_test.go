package gossip_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/memberlist"
	"github.com/zeebo/blake3"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/gossip"
	"rpp-node/cluster/gossip/gossiptest"
)

// stranger is a memberlist that is not ours, with whatever settings an attacker has.
type stranger struct {
	*memberlist.Memberlist
	trans *gossiptest.Transport
}

func newStranger(t *testing.T, net *gossiptest.Network, name string, change func(*memberlist.Config)) *stranger {
	t.Helper()
	s := &stranger{trans: net.Transport()}
	c := memberlist.DefaultLANConfig()
	c.Name, c.Label, c.Transport = name, "test", s.trans
	c.Logger = log.New(io.Discard, "", 0)
	c.MsgpackUseNewTimeFormat = true
	change(c)
	m, err := memberlist.Create(c)
	if err != nil {
		t.Fatal(err)
	}
	s.Memberlist = m
	return s
}

// Without the key, with another key, or with the key and another label, nothing gets in: not
// one of a thousand packets, and no stream.
func TestStrangers(t *testing.T) {
	count := 1000
	if testing.Short() {
		count = 200
	}
	for name, change := range map[string]func(*memberlist.Config){
		"no key":          func(*memberlist.Config) {},
		"another key":     func(c *memberlist.Config) { c.SecretKey = key(9) },
		"another cluster": func(c *memberlist.Config) { c.SecretKey, c.Label = key(1), "tset" },
		"no label":        func(c *memberlist.Config) { c.SecretKey, c.Label = key(1), "" },
	} {
		synctest.Test(t, func(t *testing.T) {
			c := newCluster(t, 1)
			defer c.close()
			victim := c.nodes[0]
			before, stats := victim.Members(), victim.Stats()

			// What strangers say to one another, sent to the victim.
			packets := make(chan []byte, count)
			c.net.Tap(func(from, _ string, p []byte) {
				if from != victim.trans.Address() {
					select {
					case packets <- bytes.Clone(p):
					default:
					}
				}
			})
			a, b := newStranger(t, c.net, "a", change), newStranger(t, c.net, "b", change)
			if _, err := a.Join([]string{b.trans.Address()}); err != nil {
				t.Fatal(err)
			}
			for len(packets) < cap(packets) {
				_ = a.UpdateNode(time.Second)
				time.Sleep(time.Second)
			}
			c.net.Tap(nil)
			for range cap(packets) {
				_, _ = a.trans.WriteTo(<-packets, victim.trans.Address())
				time.Sleep(time.Millisecond)
			}
			for range 20 {
				if _, err := a.Join([]string{victim.trans.Address()}); err == nil {
					t.Errorf("%s: joined", name)
				}
			}
			// A replayed stream of the strangers' with the right label.
			if err := victim.Join(within(10*time.Second), []string{a.trans.Address()}); !errors.Is(err, gossip.ErrNoSeed) {
				t.Errorf("%s: the victim joined: %v", name, err)
			}
			if !slices.Equal(victim.Members(), before) || victim.Stats() != stats {
				t.Errorf("%s: %v, %+v, before %+v", name, victim.Members(), victim.Stats(), stats)
			}
			_, _ = a.Shutdown(), b.Shutdown()
			time.Sleep(time.Minute)
		})
	}
}

// Bytes of no meaning, with the right label in front.
func TestNoise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 1)
		defer c.close()
		victim := c.nodes[0]
		stats := victim.Stats()
		from := c.net.Transport()
		rng := rand.New(rand.NewPCG(1, 2))
		for i := range 1000 {
			p := make([]byte, rng.IntN(1400))
			for j := range p {
				p[j] = byte(rng.Uint32())
			}
			p = append([]byte("\xf4\x04test"), p...)
			if i%3 == 0 {
				p = p[min(len(p), rng.IntN(8)):]
			}
			_, _ = from.WriteTo(p, victim.trans.Address())
			if i%50 == 0 {
				s, err := from.DialTimeout(victim.trans.Address(), time.Second)
				if err != nil {
					t.Fatal(err)
				}
				_, _ = s.Write(p)
				_ = s.Close()
			}
			time.Sleep(time.Millisecond)
		}
		if victim.Stats() != stats || len(victim.Members()) != 1 {
			t.Errorf("%+v, %v", victim.Stats(), victim.Members())
		}
		// Streams that say nothing are closed after a while, so they do not keep others out.
		for range 200 {
			_, _ = from.DialTimeout(victim.trans.Address(), time.Second)
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(10 * time.Second)
		c.join(c.open(1, func(*gossip.Config) {}))
		c.settled()
	})
}

// Twenty rotations while everything changes: no member is ever seen gone, and afterwards the
// old keys open nothing.
func TestRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 5)
		defer c.close()
		c.settled()
		steady := func() {
			t.Helper()
			for i, n := range c.nodes {
				if n.count(gossip.Alive) != 5 {
					t.Fatalf("node %d: %v", i, n.Members())
				}
			}
		}
		rng := rand.New(rand.NewPCG(3, 4))
		load := 0
		pause := func() {
			load++
			n := c.nodes[rng.IntN(5)]
			m := meta(load)
			m.KeyVersion = uint64(load)
			_ = n.SetMeta(m)
			_ = n.SetStatus([]byte(fmt.Sprint(load)))
			time.Sleep(time.Duration(rng.IntN(400)) * time.Millisecond)
			steady()
		}
		rotations := 20
		if testing.Short() {
			rotations = 5
		}
		for i := range rotations {
			old, next := blake3.Sum256(key(byte(1+i))), key(byte(2+i))
			for step, f := range []func(k *gossip.Keyring) error{
				func(k *gossip.Keyring) error { return k.Install(next) },
				func(k *gossip.Keyring) error { return k.Use(blake3.Sum256(next)) },
				func(k *gossip.Keyring) error { return k.Remove(old) },
			} {
				for _, j := range rng.Perm(5) {
					for range 2 { // each step may be repeated
						if err := f(c.nodes[j].Keyring()); err != nil {
							t.Fatalf("rotation %d, step %d: %v", i, step, err)
						}
					}
					pause()
				}
			}
		}
		time.Sleep(time.Minute)
		steady()
		late := c.open(9, func(c *gossip.Config) { c.Keys = [][]byte{key(byte(rotations))} })
		if err := late.Join(within(10*time.Second), []string{c.nodes[0].trans.Address()}); !errors.Is(err, gossip.ErrNoSeed) {
			t.Errorf("with the old key: %v", err)
		}
		if err := late.Keyring().Install(key(byte(1 + rotations))); err != nil {
			t.Fatal(err)
		}
		if err := late.Keyring().Use(blake3.Sum256(key(byte(1 + rotations)))); err != nil {
			t.Fatal(err)
		}
		c.join(late)
		c.settled()
	})
}

func TestKeyring(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, 1)
		defer c.close()
		k := c.nodes[0].Keyring()
		d := func(b byte) [32]byte { return blake3.Sum256(key(b)) }
		for _, step := range []struct {
			what string
			err  error
			want error
			ring [][32]byte
		}{
			{"too short", k.Install(key(1)[:31]), gossip.ErrKey, [][32]byte{d(1)}},
			{"use what is not there", k.Use(d(2)), gossip.ErrNoKey, [][32]byte{d(1)}},
			{"remove what is not there", k.Remove(d(2)), nil, [][32]byte{d(1)}},
			{"remove what is in use", k.Remove(d(1)), gossip.ErrPrimary, [][32]byte{d(1)}},
		} {
			if !errors.Is(step.err, step.want) || step.want != nil && !fault.Is(step.err, fault.CodeKeyring) {
				t.Errorf("%s: %v", step.what, step.err)
			}
			if got := k.Digests(); !slices.Equal(got, step.ring) {
				t.Errorf("%s: %x", step.what, got)
			}
		}
		if err := k.Install(key(2)); err != nil {
			t.Fatal(err)
		}
		if err := k.Install(key(3)); !errors.Is(err, gossip.ErrKeyringMax) {
			t.Errorf("a third: %v", err)
		}
		if err := k.Use(d(2)); err != nil {
			t.Fatal(err)
		}
		if got := k.Digests(); !slices.Equal(got, [][32]byte{d(2), d(1)}) {
			t.Errorf("%x", got)
		}
	})
}

// evil is a member with the key that says what it likes.
type evil struct {
	meta  []byte
	state []byte
}

func (e *evil) NodeMeta(int) []byte               { return e.meta }
func (e *evil) NotifyMsg([]byte)                  {}
func (e *evil) GetBroadcasts(int, int) [][]byte   { return nil }
func (e *evil) LocalState(bool) []byte            { return e.state }
func (e *evil) MergeRemoteState(_ []byte, _ bool) {}

// Whoever has the key may push nonsense and too much of it; nothing of it is taken.
func TestEvilMember(t *testing.T) {
	for name, e := range map[string]*evil{
		"noise":         {meta: []byte("\x01noise"), state: []byte("\x01noise")},
		"nothing":       {},
		"too large":     {meta: bytes.Repeat([]byte{1}, 400), state: make([]byte, gossip.StateBytesMax+1)},
		"large count":   {meta: []byte{2}, state: []byte{1, 255, 255, 255, 255}},
		"a later state": {meta: []byte{2}, state: []byte{2, 0, 0, 0, 0}},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := newCluster(t, 3)
			defer c.close()
			c.settled()
			s := newStranger(t, c.net, "evil", func(m *memberlist.Config) { m.SecretKey, m.Delegate = key(1), e })
			if _, err := s.Join([]string{c.nodes[0].trans.Address()}); err != nil {
				t.Fatal(name, err)
			}
			time.Sleep(30 * time.Second)
			found := false
			for _, m := range c.nodes[1].Members() {
				if m.Name == "evil" {
					found = true
					if m.MetaErr == nil || m.Meta != (gossip.Meta{}) {
						t.Errorf("%s: %+v", name, m)
					}
				}
			}
			if !found || c.nodes[0].Stats().Rejected == 0 && name != "nothing" {
				t.Errorf("%s: found %v, %+v", name, found, c.nodes[0].Stats())
			}
			_ = s.Shutdown()
			time.Sleep(time.Minute)
		})
	}
	synctest.Test(t, func(t *testing.T) { // a meta above our limit keeps its member out
		c := newCluster(t, 2)
		defer c.close()
		s := newStranger(t, c.net, "fat", func(m *memberlist.Config) {
			m.SecretKey, m.Delegate = key(1), &evil{meta: make([]byte, gossip.MetaBytesMax+1)}
		})
		_, _ = s.Join([]string{c.nodes[0].trans.Address()})
		time.Sleep(10 * time.Second)
		if len(c.nodes[0].Members()) != 2 || c.nodes[0].Stats().Rejected == 0 {
			t.Errorf("%v, %+v", c.nodes[0].Members(), c.nodes[0].Stats())
		}
		_ = s.Shutdown()
		time.Sleep(time.Minute)
	})
}
