package transport

import (
	"container/list"
	"sync"
)

// handshakes are the connections in their handshake, oldest first. At a limit the oldest
// makes way: an honest handshake takes milliseconds, so what has waited longest is what
// does not mean to finish. A queue, or refusing the newest, would let idle strangers lock
// everybody else out for as long as the timeout.
type handshakes struct {
	mu           sync.Mutex
	all          list.List             // of *conn; under mu
	byHost       map[string]*list.List // of *conn; under mu
	max, maxHost int
	closed       bool // under mu
}

func newHandshakes(limit, limitPerHost int) *handshakes {
	return &handshakes{byHost: map[string]*list.List{}, max: limit, maxHost: limitPerHost}
}

// add takes a connection up, and returns the one to close for it, if any. It returns
// false after close.
func (h *handshakes) add(c *conn) (shed *conn, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, false
	}
	host := h.byHost[c.host]
	switch {
	case host != nil && host.Len() >= h.maxHost:
		shed = host.Front().Value.(*conn)
	case h.all.Len() >= h.max:
		shed = h.all.Front().Value.(*conn)
	}
	if shed != nil {
		h.drop(shed)
	}
	if host = h.byHost[c.host]; host == nil {
		host = list.New()
		h.byHost[c.host] = host
	}
	c.inAll, c.inHost = h.all.PushBack(c), host.PushBack(c)
	return shed, true
}

// remove ends a handshake. Once it has been shed, that is false.
func (h *handshakes) remove(c *conn) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.drop(c)
}

func (h *handshakes) drop(c *conn) bool {
	if c.inAll == nil {
		return false
	}
	h.all.Remove(c.inAll)
	host := h.byHost[c.host]
	host.Remove(c.inHost)
	if host.Len() == 0 {
		delete(h.byHost, c.host)
	}
	c.inAll, c.inHost = nil, nil
	return true
}

func (h *handshakes) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.all.Len()
}

// close takes no more, and returns those under way for the caller to close.
func (h *handshakes) close() (rest []*conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for e := h.all.Front(); e != nil; e = h.all.Front() {
		rest = append(rest, e.Value.(*conn))
		h.drop(e.Value.(*conn))
	}
	return rest
}
