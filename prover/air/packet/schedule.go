package packet

import "rpp-node/prover/air/packet/internal/op"

const (
	// segmentOutputs is how many outputs wait to be folded together: enough to pay for the
	// loads and the reduction of the sums, few enough for their registers to stay in the
	// first-level cache.
	segmentOutputs = 32
	// segmentWeight bounds the work of one call of the interpreter.
	segmentWeight = 1024
	loadWeight    = 16
)

// schedule is an order of evaluation, cut into segments.
type schedule struct {
	*graph
	uses     []int32 // operations and outputs that read a value
	depth    []int32 // operations on the longest path below it
	order    []int32
	segments []span

	done   []bool
	loaded map[group]bool
	weight int // of the current segment
	ready  int // outputs
}

// span is one segment: operations [from, to) of the order, then outputs [first, last).
type span struct{ from, to, first, last int }

// group is 16 neighbouring columns of a source.
type group struct{ source, index int32 }

func groupOf(v value) group { return group{v.a, v.b / op.Group} }

// newSchedule orders the operations by demand: for each output in turn, what it needs and
// is not there yet, depth first.
func newSchedule(g *graph) *schedule {
	s := &schedule{graph: g, done: make([]bool, len(g.values)), loaded: map[group]bool{}}
	s.count()
	for k, out := range g.outputs {
		s.demand(out)
		s.ready = k + 1
		if s.ready-s.next().first == segmentOutputs {
			s.cut()
		}
	}
	s.cut()
	return s
}

// next is the segment that the next cut would make.
func (s *schedule) next() span {
	n := span{to: len(s.order), last: s.ready}
	if k := len(s.segments); k > 0 {
		n.from, n.first = s.segments[k-1].to, s.segments[k-1].last
	}
	return n
}

func (s *schedule) cut() {
	if n := s.next(); n.from < n.to || n.first < n.last {
		s.segments = append(s.segments, n)
	}
	s.weight = 0
}

// count finds out who is read by how many, among the values that outputs need.
func (s *schedule) count() {
	s.uses = make([]int32, len(s.values))
	s.depth = make([]int32, len(s.values))
	for _, out := range s.outputs {
		s.uses[out]++
	}
	for i := len(s.values) - 1; i >= 0; i-- {
		if s.uses[i] == 0 {
			continue
		}
		a, b, n := s.values[i].operands()
		if n > 0 {
			s.uses[a]++
		}
		if n > 1 {
			s.uses[b]++
		}
	}
	for i := range s.values {
		s.cube(int32(i))
		a, b, n := s.values[i].operands()
		if n > 0 {
			s.depth[i] = s.depth[a] + 1
		}
		if n > 1 {
			s.depth[i] = max(s.depth[i], s.depth[b]+1)
		}
	}
}

// cube turns x²·x into x³ where nothing else reads x², and takes the sum with a scalar
// into it if x is one that nothing else reads: an S-box.
func (s *schedule) cube(id int32) {
	v := &s.values[id]
	if v.kind != kind(op.Mul) {
		return
	}
	square, x := v.a, v.b
	if sq := s.values[x]; sq.kind == kind(op.Square) && sq.a == square {
		square, x = x, square
	}
	if sq := s.values[square]; sq.kind != kind(op.Square) || sq.a != x || s.uses[square] != 1 {
		return
	}
	s.uses[square]--
	s.uses[x]--
	*v = value{kind: kind(op.Cube), a: x}
	if sum := s.values[x]; sum.kind == kind(op.AddScalar) && s.uses[x] == 1 {
		s.uses[x]--
		*v = value{kind: kind(op.CubeSum), a: sum.a, s: sum.s}
	}
}

// demand puts a value and what it needs into the order. Of two operands, the one that
// others read as well comes first, or else the deeper one: the last one is found in the
// accumulator, and the fewest values wait.
func (s *schedule) demand(id int32) {
	stack := []int32{id}
	for len(stack) > 0 {
		id := stack[len(stack)-1]
		if s.done[id] {
			stack = stack[:len(stack)-1]
			continue
		}
		a, b, n := s.values[id].operands()
		if n > 1 && (s.uses[b] > 1 && s.uses[a] == 1 || (s.uses[b] > 1) == (s.uses[a] > 1) && s.depth[b] > s.depth[a]) {
			a, b = b, a
		}
		switch {
		case n > 0 && !s.done[a]:
			stack = append(stack, a)
		case n > 1 && !s.done[b]:
			stack = append(stack, b)
		default:
			s.finish(id)
			stack = stack[:len(stack)-1]
		}
	}
}

func (s *schedule) finish(id int32) {
	s.done[id] = true
	switch v := s.values[id]; v.kind {
	case selector:
	case column:
		if g := groupOf(v); !s.loaded[g] {
			s.loaded[g] = true
			s.weight += loadWeight
		}
	default:
		s.order = append(s.order, id)
		s.weight++
	}
	if s.weight >= segmentWeight {
		s.cut()
	}
}
