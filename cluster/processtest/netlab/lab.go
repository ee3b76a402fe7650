//go:build linux

package netlab

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Lab is hosts and the switch between them. Its methods may be called at any time, from
// any goroutine.
type Lab struct {
	hosts   []*Host
	paths   [][]*path // by sender, receiver
	readers sync.WaitGroup
	closed  atomic.Bool

	mu    sync.RWMutex // guards ports
	ports map[[6]byte]int

	forwarded, withheld atomic.Uint64
}

// New makes a lab with hosts of these names. Their addresses are 10.77.0.1 and on.
func New(seed uint64, names ...string) (*Lab, error) {
	if len(names) > hostsMax {
		return nil, fmt.Errorf("%d hosts, at most %d", len(names), hostsMax)
	}
	l := &Lab{ports: map[[6]byte]int{}}
	for i, name := range names {
		h, err := newHost(name, i, netip.AddrFrom4([4]byte{10, 77, 0, byte(i + 1)}))
		if err != nil {
			l.Close()
			return nil, err
		}
		l.hosts = append(l.hosts, h)
	}
	for i := range names {
		row := make([]*path, len(names))
		for j := range row {
			row[j] = &path{random: rand.New(rand.NewPCG(seed, uint64(i*len(names)+j)))}
		}
		l.paths = append(l.paths, row)
	}
	for _, h := range l.hosts {
		l.readers.Add(1)
		go l.read(h)
	}
	return l, nil
}

// Close ends the hosts and what runs on them.
func (l *Lab) Close() {
	l.closed.Store(true)
	for _, h := range l.hosts {
		h.close()
	}
	l.readers.Wait()
}

// Host is the host of that name, nil if there is none.
func (l *Lab) Host(name string) *Host {
	i := slices.IndexFunc(l.hosts, func(h *Host) bool { return h.name == name })
	if i < 0 {
		return nil
	}
	return l.hosts[i]
}

// Counts says how many frames have been handed over, and how many were lost or withheld.
func (l *Lab) Counts() (forwarded, withheld uint64) { return l.forwarded.Load(), l.withheld.Load() }

// read hands on what a host sends.
func (l *Lab) read(h *Host) {
	defer l.readers.Done()
	frame := make([]byte, frameBytes)
	for {
		n, err := h.tap.Read(frame)
		if err != nil {
			return // closed
		}
		if n >= 14 {
			l.hand(h.index, frame[:n])
		}
	}
}

// hand gives a frame to the port of its destination, as far as that is known, and to all
// ports otherwise. A switch knows who is where from what they have sent.
func (l *Lab) hand(from int, frame []byte) {
	to, source := [6]byte(frame[0:6]), [6]byte(frame[6:12])
	l.mu.RLock()
	port, known := l.ports[to]
	at, seen := l.ports[source]
	l.mu.RUnlock()
	if !seen || at != from {
		l.mu.Lock()
		l.ports[source] = from
		l.mu.Unlock()
	}
	if known {
		if port != from {
			l.carry(from, port, frame)
		}
		return
	}
	for port := range l.hosts {
		if port != from {
			l.carry(from, port, frame)
		}
	}
}

// carry lets a frame meet the conditions of its path.
func (l *Lab) carry(from, to int, frame []byte) {
	p, tap := l.paths[from][to], l.hosts[to].tap
	copies, count := p.fate()
	if count == 0 {
		l.withheld.Add(1)
		return
	}
	for _, after := range copies[:count] {
		if after == 0 {
			l.deliver(tap, frame)
			continue
		}
		own := slices.Clone(frame)
		time.AfterFunc(after, func() {
			if p.arrived() && !l.closed.Load() {
				l.deliver(tap, own)
			} else {
				l.withheld.Add(1)
			}
		})
	}
}

// deliver writes a frame. A host that takes none, such as one that closes, loses it.
func (l *Lab) deliver(tap *os.File, frame []byte) {
	if _, err := tap.Write(frame); err != nil {
		l.withheld.Add(1)
		return
	}
	l.forwarded.Add(1)
}
