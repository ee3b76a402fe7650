package main

import (
	"fmt"
	"strings"
)

// A block is straight-line code whose instructions are put into an order and whose values
// are put into registers here. Processors reorder instructions themselves, but look ahead
// only a few times as far as one S-box is long; the long chains of products need more of
// them in flight.
type block struct {
	free  []string // registers for values
	insts []*inst
}

// A value is what a register holds, from its definition to its last use. Instructions may
// update it in place.
type value struct {
	reg    string // from the start if the value outlives the block
	fixed  bool
	writer *inst   // the last one
	reads  []*inst // since then
	left   int     // instructions to be placed that name it
}

type inst struct {
	text    string // with a verb %s for each of values
	values  []*value
	latency int
	unit    unit
	before  []edge // what must come first
	index   int
	start   int // cycle
	placed  bool
	late    bool // depends on nothing: goes right before what first uses it
}

type edge struct {
	from    *inst
	latency int
}

// unit is what executes an instruction, and how many cycles it takes.
type unit int

const (
	none  unit = iota // register renaming: zeroing and copying
	alu               // any of the four pipes
	mul               // two of them
	shift             // the other two
	load
	store
)

// fixed makes a value that lies in a register before and after the block.
func fixed(reg string) *value { return &value{reg: reg, fixed: true} }

// A constant is the address of a 64-bit word, which an instruction takes for all lanes.
type constant string

const broadcast = "VPBROADCASTQ"

// op appends an instruction. Its operands are values, or registers and addresses as
// strings; the last one is its destination, whose old content it reads if update is set.
// A destination of nil makes a new value, which is returned.
func (b *block) op(name string, u unit, latency int, update bool, operands ...any) *value {
	in := &inst{latency: latency, unit: u, index: len(b.insts)}
	last := len(operands) - 1
	dst, _ := operands[last].(*value)
	if dst == nil {
		dst = &value{}
		operands[last] = dst
	}
	in.late = !update && u != load || name == broadcast
	var texts []string
	for i, o := range operands {
		switch o := o.(type) {
		case *value:
			in.late = in.late && (i == last || o == dst)
			texts = append(texts, "%s")
			in.values = append(in.values, o)
			if i < last || update {
				in.after(o.writer, true)
				o.reads = append(o.reads, in)
			}
		case constant:
			texts = append(texts, string(o))
			if name != broadcast {
				name += ".BCST"
			}
		case string:
			texts = append(texts, o)
		}
	}
	in.text = name + " " + strings.Join(texts, ", ")
	for _, r := range dst.reads {
		if r != in {
			in.after(r, false)
		}
	}
	if dst.writer != nil {
		in.after(dst.writer, false)
	}
	dst.writer, dst.reads = in, nil
	b.insts = append(b.insts, in)
	return dst
}

func (in *inst) after(from *inst, data bool) {
	if from == nil {
		return
	}
	e := edge{from: from}
	if data {
		e.latency = from.latency
	}
	in.before = append(in.before, e)
}

// store appends the store of a value.
func (b *block) store(name string, v *value, address string) {
	in := &inst{text: name + " %s, " + address, values: []*value{v}, unit: store, index: len(b.insts)}
	in.after(v.writer, true)
	v.reads = append(v.reads, in)
	b.insts = append(b.insts, in)
}

// limits of one cycle, by unit; and of all pipes, and of dispatch.
const (
	pipes    = 4
	dispatch = 6
)

var limits = map[unit]int{none: dispatch, alu: pipes, mul: 2, shift: 2, load: dispatch, store: 1}

// scheduled places the instructions as soon as they are ready and registers last, the
// first ones first.
func (b *block) scheduled() (out []string) {
	b.count()
	var waiting []*inst
	for _, in := range b.insts {
		if !in.late {
			waiting = append(waiting, in)
		}
	}
	for cycle, last := 0, 0; len(waiting) > 0; cycle++ {
		if cycle > last+100 {
			panic(fmt.Sprintf("schedule: %d registers are not enough for %s", len(b.free), waiting[0].text))
		}
		used := map[unit]int{}
		piped, issued := 0, 0
		for again := true; again; {
			again = false
			for i, in := range waiting {
				if issued == dispatch || used[in.unit] == limits[in.unit] || in.unit >= alu && in.unit <= shift && piped == pipes ||
					!in.ready(cycle) || !b.fits(in, waiting) {
					continue
				}
				issued += b.place(in, cycle, &out)
				waiting = append(waiting[:i:i], waiting[i+1:]...)
				last = cycle
				used[in.unit]++
				if in.unit >= alu && in.unit <= shift {
					piped++
				}
				again = true
				break
			}
		}
	}
	return out
}

// count finds how often each value is named.
func (b *block) count() {
	for _, in := range b.insts {
		for _, v := range in.values {
			v.left++
		}
	}
}

func (in *inst) ready(cycle int) bool {
	for _, e := range in.before {
		if !e.from.late && (!e.from.placed || e.from.start+e.latency > cycle) {
			return false
		}
	}
	return true
}

// fits reports whether there are registers for what in defines and, after it, for all that
// waits, at least in the order of the program.
func (b *block) fits(in *inst, waiting []*inst) bool {
	defines := false
	for _, v := range in.values {
		defines = defines || v.reg == ""
	}
	if !defines {
		return true
	}
	free := len(b.free)
	left, held := map[*value]int{}, map[*value]bool{}
	var take func(in *inst) bool
	taken := map[*inst]bool{}
	take = func(in *inst) bool {
		for _, e := range in.before {
			if e.from.late && !e.from.placed && !taken[e.from] && !take(e.from) {
				return false
			}
		}
		taken[in] = true
		for _, v := range in.values {
			if _, ok := left[v]; !ok {
				left[v], held[v] = v.left, v.reg != ""
			}
			if left[v]--; left[v] == 0 && !v.fixed && held[v] {
				free++
			}
		}
		for _, v := range in.values {
			if !held[v] {
				held[v] = true
				free--
			}
		}
		return free >= 0
	}
	if !take(in) {
		return false
	}
	for _, w := range waiting {
		if w != in && !take(w) {
			return false
		}
	}
	return true
}

// place appends an instruction, after those that were kept back for it, and returns how
// many these are.
func (b *block) place(in *inst, cycle int, out *[]string) int {
	n := 1
	for _, e := range in.before {
		if e.from.late && !e.from.placed {
			n += b.place(e.from, cycle, out)
		}
	}
	in.placed, in.start = true, cycle
	var freed []string
	for _, v := range in.values {
		if v.left--; v.left == 0 && !v.fixed && v.reg != "" {
			freed = append(freed, v.reg)
		}
	}
	var regs []any
	for _, v := range in.values {
		if v.reg == "" {
			if len(freed) > 0 { // the destination takes over an operand's
				v.reg, freed = freed[0], freed[1:]
			} else {
				v.reg, b.free = b.free[0], b.free[1:]
			}
		}
		regs = append(regs, v.reg)
	}
	b.free = append(b.free, freed...)
	*out = append(*out, fmt.Sprintf(in.text, regs...))
	return n
}
