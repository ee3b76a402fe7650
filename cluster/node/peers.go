package node

import (
	"net/http"
	"slices"
	"strings"
	"sync"

	"rpp-node/cluster/api"
	"rpp-node/cluster/fsm"
	"rpp-node/cluster/gossip"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/transport"
)

// peers are the clients for calls to single nodes: each asks its one node and no other.
type peers struct {
	mu      sync.Mutex
	clients map[string]*peerClient
}

type peerClient struct {
	*api.Client
	http *http.Client
}

// maxPeers bounds the clients that are kept: beyond it all are dropped and made again.
const maxPeers = 256

func (p *peers) get(n *Node, name, address string, want transport.Want) *api.Client {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := name + "@" + address
	if c := p.clients[key]; c != nil {
		return c.Client
	}
	if p.clients == nil || len(p.clients) >= maxPeers {
		p.drop()
		p.clients = map[string]*peerClient{}
	}
	h := n.dialer.HTTPClient(want)
	c := &peerClient{api.NewClient(api.ClientConfig{HTTP: h, Addresses: []string{address}, Rand: n.newRand(), Once: true}), h}
	p.clients[key] = c
	return c.Client
}

// forget drops the clients of a node.
func (p *peers) forget(id fsm.NodeID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, c := range p.clients {
		if strings.HasPrefix(key, id.String()+"@") {
			c.http.CloseIdleConnections()
			delete(p.clients, key)
		}
	}
}

func (p *peers) drop() {
	for _, c := range p.clients {
		c.http.CloseIdleConnections()
	}
}

func (p *peers) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop()
	p.clients = nil
	return nil
}

// at calls whichever node of the cluster has an address.
func (p *peers) at(n *Node, address string) *api.Client { return p.get(n, "", address, nil) }

// of calls one node, wherever the state machine says it is.
func (p *peers) of(n *Node, id fsm.NodeID) (*api.Client, bool) {
	address := n.apiAddressOf(id)
	if address == "" {
		return nil, false
	}
	return p.get(n, id.String(), address, transport.WantNode(identity.NodeID(id))), true
}

// apiAddressOf is where the state machine says that a member's API is, empty if it does
// not know.
func (n *Node) apiAddressOf(id fsm.NodeID) (address string) {
	n.machine.View(func(s *fsm.State) {
		if m, ok := s.Member(id); ok {
			address = m.APIAddress
		}
	})
	return address
}

// voterAddresses lists where voters' APIs are, the leader's first if it is known.
func (n *Node) voterAddresses() []string {
	var list []string
	add := func(a string) {
		if a != "" && !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	if n.raft != nil {
		_, leader := n.raft.Leader()
		add(leader)
	}
	if t := n.known.Load(); t != nil {
		for _, p := range t.voters {
			add(p.ApiAddress)
		}
	}
	if n.machine != nil {
		n.machine.View(func(s *fsm.State) {
			for _, m := range s.Members() {
				if m.Role == fsm.RoleVoter {
					add(m.APIAddress)
				}
			}
		})
	}
	if n.gossip != nil {
		for _, m := range n.gossip.Members() {
			if m.Meta.Role == gossip.Voter && m.Liveness == gossip.Alive {
				add(m.Meta.APIAddress)
			}
		}
	}
	for _, a := range n.member.Voters {
		add(a)
	}
	return list
}
