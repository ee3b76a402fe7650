package raft

import (
	"sync"
	"time"

	hraft "github.com/hashicorp/raft"
)

// A contact is what the leader last heard from a peer over the authenticated stream.
type contact struct {
	at        time.Time
	lastIndex uint64 // the end of the peer's log
}

// contacts is a transport that notes the answers to heartbeats, which the library does not
// tell. Only a leader sends any.
type contacts struct {
	hraft.Transport
	now func() time.Time

	mu    sync.Mutex
	peers map[hraft.ServerID]contact
}

var (
	_ hraft.WithPreVote = (*contacts)(nil)
	_ hraft.WithClose   = (*contacts)(nil)
)

func newContacts(t hraft.Transport, now func() time.Time) *contacts {
	return &contacts{Transport: t, now: now, peers: map[hraft.ServerID]contact{}}
}

func (c *contacts) AppendEntries(id hraft.ServerID, to hraft.ServerAddress, req *hraft.AppendEntriesRequest, resp *hraft.AppendEntriesResponse) error {
	err := c.Transport.AppendEntries(id, to, req, resp)
	if err == nil {
		c.mu.Lock()
		c.peers[id] = contact{c.now(), resp.LastLog}
		c.mu.Unlock()
	}
	return err
}

func (c *contacts) RequestPreVote(id hraft.ServerID, to hraft.ServerAddress, req *hraft.RequestPreVoteRequest, resp *hraft.RequestPreVoteResponse) error {
	return c.Transport.(hraft.WithPreVote).RequestPreVote(id, to, req, resp)
}

func (c *contacts) Close() error {
	if t, ok := c.Transport.(hraft.WithClose); ok {
		return t.Close()
	}
	return nil
}

// of is the last contact with a peer; its time is zero if there was none.
func (c *contacts) of(id string) contact {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.peers[hraft.ServerID(id)]
}

// keep forgets peers that are no members.
func (c *contacts) keep(servers []Server) {
	c.mu.Lock()
	defer c.mu.Unlock()
	members := make(map[hraft.ServerID]bool, len(servers))
	for _, s := range servers {
		members[hraft.ServerID(s.ID)] = true
	}
	for id := range c.peers {
		if !members[id] {
			delete(c.peers, id)
		}
	}
}
