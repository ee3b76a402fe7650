package packet

import "rpp-node/prover/air/packet/internal/op"

// allocator gives the values of a schedule registers, as few as it can, and writes the
// program. A value that only the next operation reads stays in the accumulator and needs
// none; the columns of a group have 16 in a row, taken and given back together.
type allocator struct {
	*schedule
	p *Program

	flags []uint32 // of the operation that makes a value
	last  []int    // time at which a value, or any column of its group, is read last
	group map[group]int

	place   []int32 // register of a value: see single and block
	free    []int32 // singles
	blocks  []int32 // free blocks of 16
	singles int32
	blocksN int32
	at      map[group]int32 // block of a group that is loaded
}

// Time is counted in half steps: operation i happens at 2i+1, the outputs of a segment
// after its last operation and before the next.
func operationTime(i int) int { return 2*i + 1 }
func outputTime(s span) int   { return 2 * s.to }

// While places are handed out, singles are numbered from 0 and blocks from -1 downwards;
// in the end blocks come after all singles.
func block(n, column int32) int32 { return -1 - (n*op.Group + column) }

func newAllocator(s *schedule, p *Program) *allocator {
	return &allocator{
		schedule: s, p: p,
		flags: make([]uint32, len(s.values)), last: make([]int, len(s.values)), group: map[group]int{},
		place: make([]int32, len(s.values)), singles: 3, at: map[group]int32{},
	}
}

func (a *allocator) run() {
	a.forward()
	a.lifetimes()
	for _, s := range a.segments {
		for i := s.from; i < s.to; i++ {
			a.operation(a.order[i], operationTime(i))
		}
		a.finishSegment(s)
	}
	a.settle()
}

// forward decides which operands are taken from the accumulator, and which results must
// be stored because someone else reads them.
func (a *allocator) forward() {
	stored := make([]int32, len(a.values)) // readers that need the register
	copy(stored, a.uses)
	for _, s := range a.segments {
		for i := s.from + 1; i < s.to; i++ {
			id, before := a.order[i], a.order[i-1]
			v := &a.values[id]
			x, y, n := v.operands()
			switch {
			case n == 0 || n == 2 && x == y:
				continue
			case x == before:
				a.flags[id] = op.AccA
			case n == 2 && y == before && v.kind == kind(op.Sub):
				a.flags[id] = op.AccB
			case n == 2 && y == before:
				v.a, v.b = y, x
				a.flags[id] = op.AccA
			default:
				continue
			}
			stored[before]--
		}
	}
	for _, id := range a.order {
		if stored[id] > 0 {
			a.flags[id] |= op.Store
		}
	}
}

// reads returns the values that an operation reads from registers, in room.
func (a *allocator) reads(id int32, room *[2]int32) []int32 {
	x, y, n := a.values[id].operands()
	out := room[:0]
	if n > 0 && a.flags[id]&op.AccA == 0 {
		out = append(out, x)
	}
	if n > 1 && a.flags[id]&op.AccB == 0 {
		out = append(out, y)
	}
	return out
}

func (a *allocator) lifetimes() {
	read := func(id int32, time int) {
		a.last[id] = max(a.last[id], time)
		if v := a.values[id]; v.kind == column {
			a.group[groupOf(v)] = max(a.group[groupOf(v)], time)
		}
	}
	var room [2]int32
	for i, id := range a.order {
		for _, x := range a.reads(id, &room) {
			read(x, operationTime(i))
		}
	}
	for _, s := range a.segments {
		for _, id := range a.outputs[s.first:s.last] {
			read(id, outputTime(s))
		}
	}
}

// operation writes one instruction, and the loads of columns that it is the first to read.
func (a *allocator) operation(id int32, time int) {
	in := instr{code: uint32(a.values[id].kind) | a.flags[id]}
	v := a.values[id]
	var room [2]int32
	reads := a.reads(id, &room)
	for _, x := range reads {
		a.fetch(x)
	}
	x, y, n := v.operands()
	if n > 0 && a.flags[id]&op.AccA == 0 {
		in.a = a.place[x]
	}
	if n > 1 && a.flags[id]&op.AccB == 0 {
		in.b = a.place[y]
	}
	if _, _, scalar := op.Op(v.kind).Shape(); scalar {
		in.b = v.s
	}
	for _, x := range reads {
		a.release(x, time)
	}
	if a.flags[id]&op.Store != 0 {
		// An operand's register may be taken at once: the interpreters work in place.
		a.place[id] = pop(&a.free, &a.singles)
		in.dst = a.place[id]
	}
	a.p.code = append(a.p.code, in)
}

// fetch makes sure that a leaf is in its register.
func (a *allocator) fetch(id int32) {
	v := a.values[id]
	switch v.kind {
	case selector:
		a.place[id] = v.a // the first three registers
		a.p.selectors[v.a] = true
	case column:
		n, ok := a.at[groupOf(v)]
		if !ok {
			n = pop(&a.blocks, &a.blocksN)
			a.at[groupOf(v)] = n
			a.p.code = append(a.p.code, a.p.load(groupOf(v), block(n, 0)))
		}
		a.place[id] = block(n, v.b%op.Group)
	}
}

// release gives a register back if this was its last reader.
func (a *allocator) release(id int32, time int) {
	v := a.values[id]
	switch {
	case v.kind == selector:
	case v.kind == column:
		g := groupOf(v)
		if n, ok := a.at[g]; ok && a.group[g] == time {
			a.blocks = append(a.blocks, n)
			delete(a.at, g)
		}
	case a.last[id] == time:
		a.free = append(a.free, a.place[id])
		a.last[id] = -1 // once, even if it is read twice
	}
}

func (a *allocator) finishSegment(s span) {
	var seg segment
	outputs := a.outputs[s.first:s.last]
	for _, id := range outputs {
		a.fetch(id)
		seg.outputs = append(seg.outputs, a.place[id])
	}
	for _, id := range outputs {
		a.release(id, outputTime(s))
	}
	seg.to = len(a.p.code)
	a.p.segments = append(a.p.segments, seg)
}

func pop(free *[]int32, next *int32) int32 {
	if n := len(*free); n > 0 {
		v := (*free)[n-1]
		*free = (*free)[:n-1]
		return v
	}
	*next++
	return *next - 1
}

// settle turns places into registers: the three selectors, the singles, the blocks.
func (a *allocator) settle() {
	final := func(place *int32) {
		if *place < 0 {
			*place = a.singles + (-1 - *place)
		}
	}
	for i := range a.p.code {
		in := &a.p.code[i]
		final(&in.dst)
		if op.Op(in.code) != op.Load {
			final(&in.a)
			final(&in.b)
		}
	}
	for _, s := range a.p.segments {
		for i := range s.outputs {
			final(&s.outputs[i])
		}
	}
	a.p.registers = int(a.singles + a.blocksN*op.Group)
}
