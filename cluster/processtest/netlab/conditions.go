//go:build linux

package netlab

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Conditions are what frames meet on their way from one host to another.
type Conditions struct {
	Delay  time.Duration
	Jitter time.Duration // up to so much more, each frame for itself: frames overtake
	Loss   float64       // share of the frames that are lost
	Repeat float64       // share of the others that come twice
}

// path leads from one host to another.
type path struct {
	mu         sync.Mutex // guards the rest
	conditions Conditions
	cut        bool
	random     *rand.Rand
	inFlight   int
}

// fate is what becomes of a frame: when each of its copies arrives.
func (p *path) fate() (copies [2]time.Duration, count int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.conditions
	if p.cut || p.inFlight >= inFlightMax || c.Loss > 0 && p.random.Float64() < c.Loss {
		return copies, 0
	}
	count = 1
	if c.Repeat > 0 && p.random.Float64() < c.Repeat {
		count = 2
	}
	for i := range count {
		copies[i] = c.Delay
		if c.Jitter > 0 {
			copies[i] += time.Duration(p.random.Int64N(int64(c.Jitter) + 1))
		}
		if copies[i] > 0 {
			p.inFlight++
		}
	}
	return copies, count
}

// arrived says whether a frame that was under way may still be handed over.
func (p *path) arrived() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inFlight--
	return !p.cut
}

func (p *path) change(f func(*path)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(p)
}
