package main

import (
	"fmt"
	"strings"
)

// A block is straight-line code whose values are put into registers here. Its instructions
// stay in the order in which they come, which may be another one than that in which they
// were made: see sequence.
type block struct {
	free  []string // registers for values
	insts []*inst
}

// A value is what a register holds, from its definition to its last use. Instructions may
// update it in place.
type value struct {
	reg   string // from the start if the value outlives the block
	fixed bool
	made  *inst // by what, if that is late
	left  int   // instructions to be placed that name it
}

type inst struct {
	text   string // with a verb %s for each of values
	values []*value
	late   bool // depends on nothing: goes right before what first uses it
}

// fixed makes a value that lies in a register before and after the block.
func fixed(reg string) *value { return &value{reg: reg, fixed: true} }

// A constant is the address of a 64-bit word, which an instruction takes for all lanes.
type constant string

const broadcast = "VPBROADCASTQ"

// op appends an instruction. Its operands are values, or registers and addresses as
// strings; the last one is its destination. A destination of nil makes a new value, which
// is returned.
func (b *block) op(name string, operands ...any) *value {
	in := &inst{}
	last := len(operands) - 1
	dst, _ := operands[last].(*value)
	if dst == nil {
		dst = &value{}
		operands[last] = dst
	}
	var texts []string
	for _, o := range operands {
		switch o := o.(type) {
		case *value:
			texts = append(texts, "%s")
			in.values = append(in.values, o)
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
	b.insts = append(b.insts, in)
	return dst
}

// late appends an instruction that only depends on constants.
func (b *block) late(name string, operands ...any) *value {
	v := b.op(name, operands...)
	v.made = b.insts[len(b.insts)-1]
	v.made.late = true
	return v
}

// store appends the store of a value.
func (b *block) store(v *value, address string) {
	b.insts = append(b.insts, &inst{text: "VMOVDQU64 %s, " + address, values: []*value{v}})
}

// sequence returns the instructions that build appends, to be put where they shall stand.
func (b *block) sequence(build func()) []*inst {
	from := len(b.insts)
	build()
	s := append([]*inst(nil), b.insts[from:]...)
	b.insts = b.insts[:from]
	return s
}

// spread distributes the instructions of b evenly among those of a.
//
// Processors reorder instructions themselves, but an addition that waits has been assigned
// to one of the four pipes long before, without regard to what the two that multiply will
// have to do. So additions stand where their operands are about to be ready, and not many
// at a time.
func spread(a, b []*inst) (out []*inst) {
	a, b = effective(a), effective(b)
	done := 0
	for i, in := range a {
		out = append(out, in)
		for ; done*len(a) < (i+1)*len(b); done++ {
			out = append(out, b[done])
		}
	}
	return append(out, b[done:]...)
}

// effective leaves out what goes elsewhere.
func effective(s []*inst) (out []*inst) {
	for _, in := range s {
		if !in.late {
			out = append(out, in)
		}
	}
	return out
}

// take lets independent sequences take turns.
func take(seqs ...[]*inst) (out []*inst) {
	for i := range effective(seqs[0]) {
		for _, s := range seqs {
			out = append(out, effective(s)[i])
		}
	}
	return out
}

// lines gives values their registers and returns the text of the instructions.
func (b *block) lines() (out []string) {
	counted := map[*inst]bool{}
	var count func(in *inst)
	count = func(in *inst) {
		counted[in] = true
		for _, v := range in.values {
			v.left++
			if v.made != nil && !counted[v.made] {
				count(v.made)
			}
		}
	}
	for _, in := range effective(b.insts) {
		count(in)
	}
	for _, in := range effective(b.insts) {
		b.place(in, &out)
	}
	return out
}

func (b *block) place(in *inst, out *[]string) {
	for _, v := range in.values {
		if v.made != nil && v.made != in && v.reg == "" {
			b.place(v.made, out)
		}
	}
	var freed []string
	for _, v := range in.values {
		if v.left--; v.left == 0 && !v.fixed && v.reg != "" {
			freed = append(freed, v.reg)
		}
	}
	var regs []any
	for _, v := range in.values {
		if v.reg == "" {
			if len(freed) > 0 { // a result takes over an operand's
				v.reg, freed = freed[0], freed[1:]
			} else if len(b.free) > 0 {
				v.reg, b.free = b.free[0], b.free[1:]
			} else {
				panic("no register for " + in.text)
			}
		}
		regs = append(regs, v.reg)
	}
	b.free = append(b.free, freed...)
	*out = append(*out, fmt.Sprintf(in.text, regs...))
}
