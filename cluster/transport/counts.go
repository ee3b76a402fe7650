package transport

import "sync/atomic"

type counts struct{ accepted, refused, shed atomic.Uint64 }

// Stats are a Listener's figures, for metrics.
type Stats struct {
	// Since the start: connections accepted; those that failed their handshake or a
	// limit; of these, the ones that made way in their handshake for a newer one.
	Accepted, Refused, Shed uint64
	// Now: connections in their handshake, and open after it.
	Handshakes, Open int
}

// Stats reads the figures.
func (l *Listener) Stats() Stats {
	return Stats{
		Accepted:   l.counts.accepted.Load(),
		Refused:    l.counts.refused.Load(),
		Shed:       l.counts.shed.Load(),
		Handshakes: l.handshakes.count(),
		Open:       l.peers.total(),
	}
}
