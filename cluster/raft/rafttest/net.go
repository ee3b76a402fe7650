package rafttest

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	hraft "github.com/hashicorp/raft"
)

// Errors that a caller of a transport sees.
var (
	errTimeout = errors.New("rafttest: no answer")
	errDown    = errors.New("rafttest: transport closed")
)

// Network carries messages between transports by address.
type Network struct {
	mu       sync.Mutex // never held while anything waits
	rng      *rand.Rand
	nodes    map[string]*Transport
	cut      map[[2]string]bool // from, to
	delayMin time.Duration
	delayMax time.Duration
	loss     float64
	timeout  time.Duration
}

// New makes a network without delay or loss. Both are drawn from the seed once they are set.
func New(seed uint64) *Network {
	return &Network{
		rng:     rand.New(rand.NewPCG(seed, 0)),
		nodes:   map[string]*Transport{},
		cut:     map[[2]string]bool{},
		timeout: 500 * time.Millisecond,
	}
}

// Transport connects an address. It takes the place of the one that had it before.
func (n *Network) Transport(address string) *Transport {
	t := &Transport{
		net: n, address: address,
		consumer: make(chan hraft.RPC), closed: make(chan struct{}),
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.nodes[address] = t
	return t
}

// Delay makes each message take between min and max, each way.
func (n *Network) Delay(min, max time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.delayMin, n.delayMax = min, max
}

// Loss loses that share of the messages, requests and answers alike.
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

// Isolate cuts an address off from all others, both ways.
func (n *Network) Isolate(address string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for other := range n.nodes {
		if other != address {
			n.cut[[2]string{address, other}] = true
			n.cut[[2]string{other, address}] = true
		}
	}
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

// Heal undoes every cut. The dead stay dead.
func (n *Network) Heal() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.cut)
}

// Kill is the gate of a crash: from here on the node at an address neither sends nor
// answers, not even what it is in the middle of, until Transport gives its address to another.
func (n *Network) Kill(address string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if t := n.nodes[address]; t != nil {
		t.dead = true
	}
}

// route finds the receiver of a message and how long it takes, or nil if it gets lost.
func (n *Network) route(from *Transport, to string) (*Transport, time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	t := n.nodes[to]
	if from.dead || t == nil || t.dead || n.cut[[2]string{from.address, to}] || n.loss > 0 && n.rng.Float64() < n.loss {
		return nil, 0
	}
	d := n.delayMin
	if span := n.delayMax - n.delayMin; span > 0 {
		d += time.Duration(n.rng.Int64N(int64(span)))
	}
	return t, d
}

// Transport is one node's end. It implements hashicorp's Transport, WithPreVote and
// WithClose. Everything happens on the caller's goroutine.
type Transport struct {
	net      *Network
	address  string
	dead     bool // under net.mu
	consumer chan hraft.RPC
	once     sync.Once
	closed   chan struct{}

	mu        sync.Mutex
	heartbeat func(hraft.RPC)
}

var (
	_ hraft.Transport   = (*Transport)(nil)
	_ hraft.WithPreVote = (*Transport)(nil)
	_ hraft.WithClose   = (*Transport)(nil)
)

// call sends a request and waits for the answer as long as the network's timeout.
func (t *Transport) call(to string, req any, body io.Reader) (any, error) {
	limit := time.NewTimer(t.net.timeout)
	defer limit.Stop()
	wait := func(d time.Duration) error {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil
		case <-limit.C:
			return errTimeout
		case <-t.closed:
			return errDown
		}
	}
	lost := func() error { return wait(2 * t.net.timeout) }

	peer, delay := t.net.route(t, to)
	if peer == nil {
		return nil, lost()
	}
	if err := wait(delay); err != nil {
		return nil, err
	}
	answer := make(chan hraft.RPCResponse, 1)
	rpc := hraft.RPC{Command: req, Reader: body, RespChan: answer}
	if !peer.fastPath(rpc) {
		select {
		case peer.consumer <- rpc:
		case <-limit.C:
			return nil, errTimeout
		case <-peer.closed:
			return nil, lost()
		case <-t.closed:
			return nil, errDown
		}
	}
	var resp hraft.RPCResponse
	select {
	case resp = <-answer:
	case <-limit.C:
		return nil, errTimeout
	case <-t.closed:
		return nil, errDown
	}
	back, delay := t.net.route(peer, t.address)
	if back != t {
		return nil, lost()
	}
	if err := wait(delay); err != nil {
		return nil, err
	}
	return resp.Response, resp.Error
}

// fastPath answers a heartbeat beside the main loop, as the network transport does.
func (t *Transport) fastPath(rpc hraft.RPC) bool {
	a, ok := rpc.Command.(*hraft.AppendEntriesRequest)
	if !ok || a.Term == 0 || a.PrevLogEntry != 0 || len(a.Entries) != 0 || a.LeaderCommitIndex != 0 {
		return false
	}
	t.mu.Lock()
	f := t.heartbeat
	t.mu.Unlock()
	if f == nil {
		return false
	}
	f(rpc)
	return true
}

func invoke[R any](t *Transport, to hraft.ServerAddress, req any, body io.Reader, resp *R) error {
	r, err := t.call(string(to), req, body)
	if got, ok := r.(*R); ok && got != nil {
		*resp = *got
	}
	return err
}

// AppendEntries implements hashicorp's Transport. Entries are copied, as on a wire.
func (t *Transport) AppendEntries(_ hraft.ServerID, to hraft.ServerAddress, req *hraft.AppendEntriesRequest, resp *hraft.AppendEntriesResponse) error {
	sent := *req
	sent.Entries = make([]*hraft.Log, len(req.Entries))
	for i, l := range req.Entries {
		c := *l
		c.Data, c.Extensions = bytes.Clone(l.Data), bytes.Clone(l.Extensions)
		sent.Entries[i] = &c
	}
	return invoke(t, to, &sent, nil, resp)
}

// RequestVote implements hashicorp's Transport.
func (t *Transport) RequestVote(_ hraft.ServerID, to hraft.ServerAddress, req *hraft.RequestVoteRequest, resp *hraft.RequestVoteResponse) error {
	return invoke(t, to, req, nil, resp)
}

// RequestPreVote implements hashicorp's WithPreVote.
func (t *Transport) RequestPreVote(_ hraft.ServerID, to hraft.ServerAddress, req *hraft.RequestPreVoteRequest, resp *hraft.RequestPreVoteResponse) error {
	return invoke(t, to, req, nil, resp)
}

// TimeoutNow implements hashicorp's Transport.
func (t *Transport) TimeoutNow(_ hraft.ServerID, to hraft.ServerAddress, req *hraft.TimeoutNowRequest, resp *hraft.TimeoutNowResponse) error {
	return invoke(t, to, req, nil, resp)
}

// InstallSnapshot implements hashicorp's Transport. The state is read before it is sent.
func (t *Transport) InstallSnapshot(_ hraft.ServerID, to hraft.ServerAddress, req *hraft.InstallSnapshotRequest, resp *hraft.InstallSnapshotResponse, data io.Reader) error {
	var body bytes.Buffer
	if _, err := io.Copy(&body, data); err != nil {
		return err
	}
	return invoke(t, to, req, &body, resp)
}

// AppendEntriesPipeline says that there is none; the library then sends one by one.
func (t *Transport) AppendEntriesPipeline(hraft.ServerID, hraft.ServerAddress) (hraft.AppendPipeline, error) {
	return nil, hraft.ErrPipelineReplicationNotSupported
}

// Consumer implements hashicorp's Transport.
func (t *Transport) Consumer() <-chan hraft.RPC { return t.consumer }

// LocalAddr implements hashicorp's Transport.
func (t *Transport) LocalAddr() hraft.ServerAddress { return hraft.ServerAddress(t.address) }

// EncodePeer implements hashicorp's Transport.
func (t *Transport) EncodePeer(_ hraft.ServerID, a hraft.ServerAddress) []byte { return []byte(a) }

// DecodePeer implements hashicorp's Transport.
func (t *Transport) DecodePeer(b []byte) hraft.ServerAddress { return hraft.ServerAddress(b) }

// SetHeartbeatHandler implements hashicorp's Transport.
func (t *Transport) SetHeartbeatHandler(f func(hraft.RPC)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.heartbeat = f
}

// Close ends every call of this node.
func (t *Transport) Close() error {
	t.once.Do(func() { close(t.closed) })
	return nil
}

// Vote is a candidate's question.
type Vote struct {
	ID, Address         string // of the candidate
	Term                uint64
	LastIndex, LastTerm uint64 // of its log
}

// AskVote puts a candidate's question to a node, such as one that the network has held
// back. It says whether the vote was granted. As the question of a leadership transfer, it
// is not refused because there is a leader.
func (t *Transport) AskVote(to string, v Vote) (granted bool, err error) {
	var resp hraft.RequestVoteResponse
	err = t.RequestVote("", hraft.ServerAddress(to), &hraft.RequestVoteRequest{
		RPCHeader: hraft.RPCHeader{ProtocolVersion: hraft.ProtocolVersionMax, ID: []byte(v.ID), Addr: []byte(v.Address)},
		Term:      v.Term, LastLogIndex: v.LastIndex, LastLogTerm: v.LastTerm, LeadershipTransfer: true,
	}, &resp)
	return resp.Granted, err
}
