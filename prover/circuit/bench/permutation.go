package bench

import (
	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/poseidon2"
)

// Permutation lays one Poseidon2 permutation of width W out in columns, as upstream's
// Poseidon2Cols (poseidon2-air/src/columns.rs) does:
//
//	input              W
//	each full round    W·R S-box registers, then the W elements after the round
//	each partial round R S-box registers, then the first element after its S-box
//	each full round    as above; the last W columns are the output
//
// R is 0 for the S-box x³ and 1 for x⁷, whose register holds x³: every constraint has
// degree 3 at most, so that the quotient has two chunks. KoalaBear of width 16 takes
// 164 columns and 148 constraints, BabyBear 298 and 282.
//
// Every column after the input is one expression in earlier columns, and constraint k
// binds column W + k to it. So one walk through the rounds gives both the constraints
// and, compiled to a Program over vectors of rows, the columns' values. Where there are
// kernels for the instance, they compute the same values (see Fill).
//
// Immutable; goroutines share it.
type Permutation struct {
	perm      *poseidon2.Perm
	registers int
	values    *air.Program // its constraint k is the value of column W + k
	internal  []field.Elem // the partial rounds' constants
}

// NewPermutation lays out the instance of that field and width.
func NewPermutation(f *field.Field, width int) *Permutation {
	p := &Permutation{perm: poseidon2.New(f, width)}
	switch f.SBoxDegree() {
	case 3:
	case 7:
		p.registers = 1
	default:
		panic("bench: no register rule for the S-box of " + f.Name())
	}
	for r := range p.perm.PartialRounds() {
		p.internal = append(p.internal, p.perm.InternalConstant(r))
	}
	b := air.NewBuilder(f, "poseidon2 values", width, 0)
	p.walk(b, mainColumns(b, 0, width), valueColumns{b})
	t := b.Table()
	p.values = air.Compile(f, &t, true, nil)
	return p
}

// Width is the number of columns.
func (p *Permutation) Width() int {
	w := p.perm.Width()
	full := w*p.registers + w
	partial := p.registers + 1
	return w + 2*p.perm.FullRoundsHalf()*full + p.perm.PartialRounds()*partial
}

// Constrain asserts the permutation over Width columns of b's table from column at on,
// and returns its input and output, which are columns.
func (p *Permutation) Constrain(b *air.Builder, at int) (in, out []air.Expr) {
	w := p.perm.Width()
	in = mainColumns(b, at, w)
	return in, p.walk(b, in, &assertedColumns{b: b, next: at + w})
}

// columns turns the rounds' results into columns, in order. Both methods take the value
// and return what stands for it from then on; they differ in the sign of the
// constraint, as upstream's do.
type columns interface {
	post(value air.Expr) air.Expr     // value - column
	register(value air.Expr) air.Expr // column - value
}

// assertedColumns asserts that the next column holds the value. Going on with the
// column keeps degrees from growing.
type assertedColumns struct {
	b    *air.Builder
	next int
}

func (c *assertedColumns) take() air.Expr {
	c.next++
	return c.b.Main(c.next - 1)
}

func (c *assertedColumns) post(value air.Expr) air.Expr {
	column := c.take()
	c.b.AssertEqual(value, column)
	return column
}

func (c *assertedColumns) register(value air.Expr) air.Expr {
	column := c.take()
	c.b.AssertEqual(column, value)
	return column
}

// valueColumns makes the value itself the next constraint, to be evaluated.
type valueColumns struct{ b *air.Builder }

func (c valueColumns) post(value air.Expr) air.Expr {
	c.b.AssertZero(value)
	return value
}

func (c valueColumns) register(value air.Expr) air.Expr { return c.post(value) }

func mainColumns(b *air.Builder, at, n int) []air.Expr {
	out := make([]air.Expr, n)
	for i := range out {
		out[i] = b.Main(at + i)
	}
	return out
}

// walk goes through the rounds and returns the output.
func (p *Permutation) walk(b *air.Builder, in []air.Expr, c columns) []air.Expr {
	state := externalLinear(in)
	full := func(constants []field.Elem) {
		for i := range state {
			state[i] = p.sbox(state[i].Add(b.Elem(constants[i])), c)
		}
		state = externalLinear(state)
		for i := range state {
			state[i] = c.post(state[i])
		}
	}
	for r := range p.perm.FullRoundsHalf() {
		full(p.perm.ExternalConstants(0, r))
	}
	for _, constant := range p.internal {
		// Only the first element becomes a column: the others stay linear in columns.
		state[0] = c.post(p.sbox(state[0].Add(b.Elem(constant)), c))
		p.internalLinear(b, state)
	}
	for r := range p.perm.FullRoundsHalf() {
		full(p.perm.ExternalConstants(1, r))
	}
	return state
}

// sbox returns the S-box of x.
func (p *Permutation) sbox(x air.Expr, c columns) air.Expr {
	cube := x.Square().Mul(x)
	if p.registers == 0 {
		return cube
	}
	return c.register(cube).Square().Mul(x)
}

// internalLinear is poseidon2.Perm.InternalLinear over expressions.
func (p *Permutation) internalLinear(b *air.Builder, state []air.Expr) {
	sum := state[0]
	for _, e := range state[1:] {
		sum = sum.Add(e)
	}
	for i, v := range p.perm.InternalDiagonal() {
		state[i] = state[i].Mul(b.Elem(v)).Add(sum)
	}
}

// externalLinear is poseidon2.Perm.ExternalLinear over expressions.
func externalLinear(x []air.Expr) []air.Expr {
	y := make([]air.Expr, 0, len(x))
	for b := 0; b < len(x); b += 4 {
		x0, x1, x2, x3 := x[b], x[b+1], x[b+2], x[b+3]
		t01, t23 := x0.Add(x1), x2.Add(x3)
		t := t01.Add(t23)
		t0, t2 := t.Add(x1), t.Add(x3)
		y = append(y,
			t0.Add(t01),        // 2x0 + 3x1 + x2 + x3
			t0.Add(x2.Add(x2)), // x0 + 2x1 + 3x2 + x3
			t2.Add(t23),        // x0 + x1 + 2x2 + 3x3
			t2.Add(x0.Add(x0))) // 3x0 + x1 + x2 + 2x3
	}
	var sums [4]air.Expr
	for i := range sums {
		sums[i] = y[i]
		for k := i + 4; k < len(y); k += 4 {
			sums[i] = sums[i].Add(y[k])
		}
	}
	for i := range y {
		y[i] = y[i].Add(sums[i%4])
	}
	return y
}
