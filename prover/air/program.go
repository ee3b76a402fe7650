package air

import (
	"rpp-node/prover/field"
)

// Program is a table's graph compiled for evaluation over blocks of rows: dead nodes
// dropped, values that are the same on every row computed once, registers reused as soon
// as their last reader is done. One instruction works on one vector of rows, so that the
// field's vector kernels do the work. Immutable; each goroutine runs it with a Machine
// of its own.
type Program struct {
	table *Table
	f     *field.Field

	uniform []NodeID // constants, public values and what is made of them, in order
	instrs  []instr
	regs    int
	pins    map[NodeID]int32 // vector index of each pinned node
}

type vop uint8

const (
	vAdd vop = iota // vector, vector
	vSub
	vMul
	vNeg
	vAddS  // vector, scalar
	vSubS  // vector - scalar
	vRSubS // scalar - vector
	vMulS
	vBroadcast // scalar
	vEmit      // constraint b has the value of vector a
)

type instr struct {
	op        vop
	dst, a, b int32
}

// Vector indices: the table's columns and selectors first, registers after them.
func (t *Table) sources() int { return 2*t.Width + 2*t.PrepWidth + 3 }

func (t *Table) sourceIndex(n Node) int32 {
	switch n.Op {
	case OpMain:
		return n.A*int32(t.Width) + n.B
	case OpPrep:
		return int32(2*t.Width) + n.A*int32(t.PrepWidth) + n.B
	default:
		return int32(2*t.Width+2*t.PrepWidth) + int32(n.Op-OpFirst)
	}
}

// Compile makes the program that evaluates the constraints of t (if asked for) and the
// pinned nodes, whose values stay readable until the next block.
func Compile(f *field.Field, t *Table, constraints bool, pinned []NodeID) *Program {
	c := compiler{p: &Program{table: t, f: f, pins: map[NodeID]int32{}}}
	c.markNeeded(constraints, pinned)
	c.emit(constraints)
	c.allocate(pinned)
	return c.p
}

type compiler struct {
	p       *Program
	needed  []bool
	pinned  []bool
	uniform []bool
	scalar  []int32 // index of a uniform node among the scalars
	virtual []int32 // vector index of a node before register allocation
	next    int32
}

func (c *compiler) markNeeded(constraints bool, pinned []NodeID) {
	t := c.p.table
	c.needed = make([]bool, len(t.Nodes))
	if constraints {
		for _, id := range t.Constraints {
			c.needed[id] = true
		}
	}
	c.pinned = make([]bool, len(t.Nodes))
	for _, id := range pinned {
		c.needed[id], c.pinned[id] = true, true
	}
	for i := len(t.Nodes) - 1; i >= 0; i-- {
		n := t.Nodes[i]
		if !c.needed[i] || n.Op < OpAdd {
			continue
		}
		c.needed[n.A] = true
		if n.Op != OpNeg {
			c.needed[n.B] = true
		}
	}
	c.uniform = make([]bool, len(t.Nodes))
	c.scalar = make([]int32, len(t.Nodes))
	for i, n := range t.Nodes {
		switch n.Op {
		case OpConst, OpPublic:
			c.uniform[i] = true
		case OpAdd, OpSub, OpMul:
			c.uniform[i] = c.uniform[n.A] && c.uniform[n.B]
		case OpNeg:
			c.uniform[i] = c.uniform[n.A]
		}
		if c.uniform[i] && c.needed[i] {
			c.scalar[i] = int32(len(c.p.uniform))
			c.p.uniform = append(c.p.uniform, NodeID(i))
		}
	}
}

// emit writes the instructions with one fresh register for each value.
func (c *compiler) emit(constraints bool) {
	t := c.p.table
	asserted := map[NodeID][]int32{}
	if constraints {
		for k, id := range t.Constraints {
			asserted[id] = append(asserted[id], int32(k))
		}
	}
	c.virtual = make([]int32, len(t.Nodes))
	c.next = int32(t.sources())
	push := func(op vop, a, b int32) int32 {
		dst := c.next
		c.next++
		c.p.instrs = append(c.p.instrs, instr{op, dst, a, b})
		return dst
	}
	for i, n := range t.Nodes {
		if !c.needed[i] {
			continue
		}
		id := NodeID(i)
		switch {
		case c.uniform[i]:
			if len(asserted[id]) > 0 || c.pinned[id] {
				c.virtual[i] = push(vBroadcast, c.scalar[i], 0)
			}
		case n.Op < OpAdd:
			c.virtual[i] = t.sourceIndex(n)
		case n.Op == OpNeg:
			c.virtual[i] = push(vNeg, c.virtual[n.A], 0)
		case c.uniform[n.B]:
			op := map[Op]vop{OpAdd: vAddS, OpSub: vSubS, OpMul: vMulS}[n.Op]
			c.virtual[i] = push(op, c.virtual[n.A], c.scalar[n.B])
		case c.uniform[n.A]:
			op := map[Op]vop{OpAdd: vAddS, OpSub: vRSubS, OpMul: vMulS}[n.Op]
			c.virtual[i] = push(op, c.virtual[n.B], c.scalar[n.A])
		default:
			op := map[Op]vop{OpAdd: vAdd, OpSub: vSub, OpMul: vMul}[n.Op]
			c.virtual[i] = push(op, c.virtual[n.A], c.virtual[n.B])
		}
		for _, k := range asserted[id] {
			c.p.instrs = append(c.p.instrs, instr{vEmit, -1, c.virtual[i], k})
		}
	}
}

func (i instr) reads() (a, b bool) {
	switch i.op {
	case vBroadcast:
		return false, false
	case vAdd, vSub, vMul:
		return true, true
	}
	return true, false
}

// allocate maps the fresh registers onto few: a register is free after its last reader.
func (c *compiler) allocate(pinned []NodeID) {
	p := c.p
	base := int32(p.table.sources())
	last := make([]int, c.next-base)
	for k, in := range p.instrs {
		if in.dst >= base {
			last[in.dst-base] = k
		}
		a, b := in.reads()
		if a && in.a >= base {
			last[in.a-base] = k
		}
		if b && in.b >= base {
			last[in.b-base] = k
		}
	}
	for _, id := range pinned {
		if v := c.virtual[id]; v >= base {
			last[v-base] = len(p.instrs)
		}
	}
	physical := make([]int32, c.next-base)
	var free []int32
	rename := func(v int32, k int) int32 {
		if v < base {
			return v
		}
		r := physical[v-base]
		if last[v-base] == k {
			free = append(free, r)
			last[v-base] = -1 // once, even if both operands are the same value
		}
		return r
	}
	for k := range p.instrs {
		in := &p.instrs[k]
		dst := in.dst
		a, b := in.reads()
		if a {
			in.a = rename(in.a, k)
		}
		if b {
			in.b = rename(in.b, k)
		}
		if dst < 0 {
			continue
		}
		// An operand's register may be reused at once: the kernels work in place.
		if n := len(free); n > 0 {
			in.dst, free = free[n-1], free[:n-1]
		} else {
			in.dst = base + int32(p.regs)
			p.regs++
		}
		physical[dst-base] = in.dst
		if last[dst-base] == k { // never read
			free = append(free, in.dst)
		}
	}
	for _, id := range pinned {
		if v := c.virtual[id]; v >= base {
			p.pins[id] = physical[v-base]
		} else {
			p.pins[id] = v
		}
	}
}
