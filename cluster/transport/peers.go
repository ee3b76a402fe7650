package transport

import (
	"fmt"
	"sync"

	"rpp-node/cluster/identity"
)

// peers are the connections that stand, by whose they are.
type peers struct {
	mu        sync.Mutex
	limits    Limits
	open      map[peer]map[*conn]struct{} // under mu
	count     int                         // under mu
	anonymous int                         // under mu
}

// peer is an identity, or an address for those that have none.
type peer struct {
	id   identity.NodeID
	host string
}

func peerOf(c *conn) peer {
	if c.identity.Role == identity.Anonymous {
		return peer{host: c.host}
	}
	return peer{id: c.identity.ID}
}

func newPeers(l Limits) *peers { return &peers{limits: l, open: map[peer]map[*conn]struct{}{}} }

// admit counts a connection in, or says which limit forbids it. A peer's new connection
// does not push out an old one, which may be carrying a stream.
func (p *peers) admit(c *conn) error {
	anonymous := c.identity.Role == identity.Anonymous
	key := peerOf(c)
	p.mu.Lock()
	defer p.mu.Unlock()
	mine, perPeer := len(p.open[key]), p.limits.ConnectionsPerPeer
	if anonymous {
		perPeer = p.limits.AnonymousPerHost
	}
	switch {
	case p.count >= p.limits.Connections:
		return fmt.Errorf("%d connections are open, the limit", p.count)
	case anonymous && p.anonymous >= p.limits.Anonymous:
		return fmt.Errorf("%d connections without a certificate are open, the limit", p.anonymous)
	case mine >= perPeer:
		return fmt.Errorf("%d connections of this peer are open, the limit", mine)
	}
	if p.open[key] == nil {
		p.open[key] = map[*conn]struct{}{}
	}
	p.open[key][c] = struct{}{}
	p.count++
	if anonymous {
		p.anonymous++
	}
	return nil
}

// release counts a connection out, once.
func (p *peers) release(c *conn) {
	key := peerOf(c)
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.open[key][c]; !ok {
		return
	}
	delete(p.open[key], c)
	if len(p.open[key]) == 0 {
		delete(p.open, key)
	}
	p.count--
	if c.identity.Role == identity.Anonymous {
		p.anonymous--
	}
}

// of lists the connections of an identity.
func (p *peers) of(id identity.NodeID) (list []*conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open[peer{id: id}] {
		list = append(list, c)
	}
	return list
}

func (p *peers) total() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}
