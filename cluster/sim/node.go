package sim

import "time"

// epoch is what clocks that are right show when a run begins.
var epoch = time.UnixMilli(1_700_000_000_000)

// node is a process with its machine's clock.
type node struct {
	w     *world
	name  string
	index int // in the network's matrices
	up    bool
	life  uint32 // how often it was started

	pausedUntil time.Duration
	offset      time.Duration // of its clock
	drift       float64       // seconds a second
}

// wall is what the node's clock shows.
func (n *node) wall() time.Time {
	return epoch.Add(n.w.now + n.offset + time.Duration(float64(n.w.now)*n.drift))
}

func (n *node) paused() bool { return n.pausedUntil > n.w.now }

// alive says that it runs at this moment.
func (n *node) alive() bool { return n.up && !n.paused() }

// after lets do happen on the node, unless the process has ended by then. A process that is
// paused does it when it goes on.
func (n *node) after(d time.Duration, do func()) {
	n.w.plan(event{at: n.w.now + max(d, 0), on: n, life: n.life, do: do})
}

// start is the process coming up.
func (n *node) start() {
	n.up = true
	n.life++
}

// stop is its end. What was planned in this life never happens.
func (n *node) stop() { n.up = false }

// pause is SIGSTOP, then SIGCONT.
func (n *node) pause(d time.Duration) { n.pausedUntil = max(n.pausedUntil, n.w.now+d) }
