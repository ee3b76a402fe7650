package artifact

import "sync"

// claims lets one caller at a time change an artifact. Those who wait, wait on a channel.
type claims struct {
	mu   sync.Mutex
	held map[Digest]chan struct{} // closed when the claim ends
}

// claim waits for the artifact and answers with the function that gives it back.
func (c *claims) claim(d Digest) (release func()) {
	mine := make(chan struct{})
	for {
		c.mu.Lock()
		other, taken := c.held[d]
		if !taken {
			c.held[d] = mine
		}
		c.mu.Unlock()
		if !taken {
			break
		}
		<-other
	}
	return func() {
		c.mu.Lock()
		delete(c.held, d)
		c.mu.Unlock()
		close(mine)
	}
}
