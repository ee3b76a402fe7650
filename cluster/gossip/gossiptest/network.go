package gossiptest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"
)

const (
	queueCount   = 256
	backlogCount = 16
)

// Network carries packets and streams between transports by address.
type Network struct {
	mu       sync.Mutex // never held while anything waits
	rng      *rand.Rand
	nodes    map[string]*Transport
	count    int
	cut      map[[2]string]bool // from, to
	delayMin time.Duration
	delayMax time.Duration
	loss     float64
	tap      func(from, to string, packet []byte)
}

// New makes a network without delay or loss. Both are drawn from the seed once they are set.
func New(seed uint64) *Network {
	return &Network{
		rng:   rand.New(rand.NewPCG(seed, 0)),
		nodes: map[string]*Transport{}, cut: map[[2]string]bool{},
	}
}

// Transport makes a transport with an address of its own.
func (n *Network) Transport() *Transport {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.count++
	return n.add(net.IPv4(10, 0, byte(n.count>>8), byte(n.count)))
}

// Again makes a transport that takes the place of another, such as one that was killed.
func (n *Network) Again(t *Transport) *Transport {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.add(t.ip)
}

const port = 7946

func (n *Network) add(ip net.IP) *Transport {
	t := &Transport{
		net: n, ip: ip, address: fmt.Sprintf("%v:%d", ip, port),
		packets: make(chan *memberlist.Packet, queueCount), streams: make(chan net.Conn, backlogCount),
	}
	n.nodes[t.address] = t
	return t
}

// Delay makes each packet, and each write to a stream, take between min and max.
func (n *Network) Delay(min, max time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.delayMin, n.delayMax = min, max
}

// Loss loses that share of the packets. Streams are not affected.
func (n *Network) Loss(share float64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.loss = share
}

// Cut stops what goes from one address to another, that way only.
func (n *Network) Cut(from, to string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut[[2]string{from, to}] = true
}

// Partition cuts everything between one side and the rest.
func (n *Network) Partition(side ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	in := map[string]bool{}
	for _, a := range side {
		in[a] = true
	}
	for a := range n.nodes {
		for b := range n.nodes {
			if in[a] != in[b] {
				n.cut[[2]string{a, b}] = true
			}
		}
	}
}

// Heal undoes every cut.
func (n *Network) Heal() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.cut)
}

// Kill is the gate of a crash: the node at an address neither sends nor receives any more.
func (n *Network) Kill(address string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if t := n.nodes[address]; t != nil {
		t.dead = true
	}
}

// Tap shows every packet that is sent.
func (n *Network) Tap(f func(from, to string, packet []byte)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.tap = f
}

// route finds where something goes and how long it takes, or nil if it gets lost.
func (n *Network) route(from *Transport, to string, packet bool) (*Transport, time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	t := n.nodes[to]
	if from.dead || t == nil || t.dead || n.cut[[2]string{from.address, to}] {
		return nil, 0
	}
	if packet && n.loss > 0 && n.rng.Float64() < n.loss {
		return nil, 0
	}
	d := n.delayMin
	if span := n.delayMax - n.delayMin; span > 0 {
		d += time.Duration(n.rng.Int64N(int64(span)))
	}
	return t, d
}

// Transport is one node's end: a memberlist.Transport.
type Transport struct {
	net     *Network
	ip      net.IP
	address string
	dead    bool // under net.mu
	packets chan *memberlist.Packet
	streams chan net.Conn
}

var _ memberlist.Transport = (*Transport)(nil)

type addr string

func (a addr) Network() string { return "gossiptest" }
func (a addr) String() string  { return string(a) }

// Address is where others reach it.
func (t *Transport) Address() string { return t.address }

// FinalAdvertiseAddr implements memberlist.Transport.
func (t *Transport) FinalAdvertiseAddr(string, int) (net.IP, int, error) { return t.ip, port, nil }

// WriteTo implements memberlist.Transport.
func (t *Transport) WriteTo(b []byte, to string) (time.Time, error) {
	t.net.mu.Lock()
	tap := t.net.tap
	t.net.mu.Unlock()
	if tap != nil {
		tap(t.address, to, b)
	}
	now := time.Now()
	peer, delay := t.net.route(t, to, true)
	if peer == nil {
		return now, nil
	}
	p := &memberlist.Packet{Buf: bytes.Clone(b), From: addr(t.address)}
	if delay == 0 {
		peer.deliver(p)
	} else {
		time.AfterFunc(delay, func() { peer.deliver(p) })
	}
	return now, nil
}

func (t *Transport) deliver(p *memberlist.Packet) {
	p.Timestamp = time.Now()
	select {
	case t.packets <- p:
	default: // as a socket's buffer
	}
}

// PacketCh implements memberlist.Transport.
func (t *Transport) PacketCh() <-chan *memberlist.Packet { return t.packets }

// StreamCh implements memberlist.Transport.
func (t *Transport) StreamCh() <-chan net.Conn { return t.streams }

var errUnreachable = errors.New("gossiptest: no route")

// DialTimeout implements memberlist.Transport.
func (t *Transport) DialTimeout(to string, timeout time.Duration) (net.Conn, error) {
	peer, delay := t.net.route(t, to, false)
	if peer != nil {
		if back, _ := t.net.route(peer, t.address, false); back != t {
			peer = nil
		}
	}
	if peer == nil || delay > timeout {
		time.Sleep(timeout)
		return nil, errUnreachable
	}
	time.Sleep(delay)
	ours, theirs := newPipe(t, peer)
	select {
	case peer.streams <- theirs:
		return ours, nil
	default:
		return nil, errUnreachable
	}
}

// Shutdown implements memberlist.Transport.
func (t *Transport) Shutdown() error {
	t.net.mu.Lock()
	defer t.net.mu.Unlock()
	t.dead = true
	return nil
}
