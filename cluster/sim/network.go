package sim

import "time"

// network joins all nodes. Cuts are counted, since partitions overlap.
type network struct {
	w         *world
	cut       [][]int // [from][to]
	loss, dup float64
	base      time.Duration
	jitter    time.Duration // mean of what is added to base
}

func newNetwork(w *world, nodes int) *network {
	n := &network{w: w, cut: make([][]int, nodes), base: time.Millisecond}
	for i := range n.cut {
		n.cut[i] = make([]int, nodes)
	}
	return n
}

func (n *network) open(from, to *node) bool { return n.cut[from.index][to.index] == 0 }

// linked says that messages pass both ways.
func (n *network) linked(a, b *node) bool { return n.open(a, b) && n.open(b, a) }

func (n *network) delay() time.Duration {
	d := n.base
	if n.jitter > 0 {
		d += time.Duration(n.w.rng.ExpFloat64() * float64(n.jitter))
	}
	return d
}

// send is a datagram, or a call whose connection may break: it may come late, twice, out of
// turn or not at all. do happens on the receiver, whichever of its lives that is.
func (n *network) send(from, to *node, do func()) {
	if from == to {
		n.w.plan(event{at: n.w.now, on: to, do: do})
		return
	}
	times := 1
	if n.loss > 0 && n.w.chance(n.loss) {
		n.w.hit(faultLoss)
		times = 0
	} else if n.dup > 0 && n.w.chance(n.dup) {
		n.w.hit(faultDuplicate)
		times = 2
	}
	for range times {
		n.w.plan(event{at: n.w.now + n.delay(), on: to, do: func() {
			if n.open(from, to) {
				do()
			}
		}})
	}
}

// sever cuts the links from one group to the other; with both, also back. It returns what
// heals them.
func (n *network) sever(from, to []*node, both bool) (heal func()) {
	change := func(d int) {
		for _, a := range from {
			for _, b := range to {
				if a == b {
					continue
				}
				n.cut[a.index][b.index] += d
				if both {
					n.cut[b.index][a.index] += d
				}
			}
		}
	}
	change(1)
	return func() { change(-1) }
}

// pipe is one direction of a stream: in order, nothing lost while both ends live. What is
// sent into a cut waits, as TCP's retransmissions do.
type pipe struct {
	n        *network
	from, to *node
	life     uint32 // of the receiver
	due      []time.Duration
	queued   []func()
	last     time.Duration
	closed   bool
}

// retransmit is how often a pipe looks whether a cut has healed.
const retransmit = 150 * time.Millisecond

func (n *network) pipe(from, to *node) *pipe {
	return &pipe{n: n, from: from, to: to, life: to.life}
}

func (p *pipe) send(do func()) {
	if p.closed {
		return
	}
	at := p.n.w.now + p.n.delay()
	if p.n.loss > 0 && p.n.w.chance(p.n.loss) {
		at += retransmit
	}
	at = max(at, p.last)
	p.last = at
	p.due, p.queued = append(p.due, at), append(p.queued, do)
	p.pump(at)
}

func (p *pipe) pump(at time.Duration) {
	p.n.w.plan(event{at: at, on: p.to, life: p.life, do: p.deliver})
}

func (p *pipe) deliver() {
	for len(p.queued) > 0 && !p.closed && p.due[0] <= p.n.w.now {
		if !p.n.open(p.from, p.to) {
			p.pump(p.n.w.now + retransmit)
			return
		}
		do := p.queued[0]
		p.due, p.queued = p.due[1:], p.queued[1:]
		do()
	}
}

func (p *pipe) close() { p.closed, p.due, p.queued = true, nil, nil }
