package plan

import "fmt"

// Ratio is Num / 2^Shift.
type Ratio struct {
	Num   int64
	Shift uint
}

// Prime is Odd·2^Adicity + 1.
type Prime struct {
	Odd     uint64
	Adicity uint
	Degree  int // of the S-box
}

// The primes.
var (
	KoalaBear = Prime{127, 24, 3}
	BabyBear  = Prime{15, 27, 7}
)

// P is the prime.
func (p Prime) P() uint64 { return p.Odd<<p.Adicity + 1 }

// Kind is how a lane is multiplied.
type Kind int

// The kinds.
const (
	Keep  Kind = iota // by 1
	Shift             // by ±2^-Shift
	Scale             // by Factor
)

// Lane is what the partial rounds update as one: a state element, or two elements whose
// diagonal entries are D and -D. Of such a pair, half the sum A and half the difference
// B become
//
//	A' = D·B + σ, B' = D·A, and so A'' = D²·A + σ'
//
// where σ is the sum over the whole state: the pair costs one product and one addition
// in each round, in which two elements alone would cost two of each.
type Lane struct {
	Plus, Minus int // Minus is -1 for an element alone
	D           Ratio
	Kind        Kind // how to multiply by D, of a pair by D²
	Shift       uint
	Negative    bool
	Factor      uint64
}

// Pair reports whether the lane is a pair.
func (l *Lane) Pair() bool { return l.Minus >= 0 }

// Plan is one instance of the permutation.
type Plan struct {
	Prime
	Width, Rounds int // partial rounds
	Diagonal      []Ratio
	Lanes         []Lane
	Layout
}

// New makes the plan for a diagonal, whose first entry is always -2.
func New(prime Prime, diagonal []Ratio, rounds int) *Plan {
	p := &Plan{Prime: prime, Width: len(diagonal), Rounds: rounds, Diagonal: diagonal}
	for i, d := range diagonal[1:] {
		if at := p.partner(d); at != nil {
			at.Minus = i + 1
			continue
		}
		p.Lanes = append(p.Lanes, Lane{Plus: i + 1, Minus: -1, D: d})
	}
	for i := range p.Lanes {
		l := &p.Lanes[i]
		d := l.D
		if l.Pair() {
			d = Ratio{d.Num * d.Num, 2 * d.Shift}
		}
		switch {
		case d == Ratio{1, 0}:
			l.Kind = Keep
		case d.Shift == 0 && d.Num > 1:
			l.Kind, l.Factor = Scale, uint64(d.Num)
		case d.Shift == 2*prime.Adicity: // 2^-Adicity = -Odd
			l.Kind, l.Factor = Scale, prime.Odd*prime.Odd
		case (d.Num == 1 || d.Num == -1) && 0 < d.Shift && d.Shift <= prime.Adicity:
			l.Kind, l.Shift, l.Negative = Shift, d.Shift, d.Num < 0
		default:
			panic(fmt.Sprintf("plan: no way to multiply by %d/2^%d", d.Num, d.Shift))
		}
	}
	p.Layout = p.layout()
	return p
}

// partner finds the lane of the element whose entry is -d, if it has no partner yet.
func (p *Plan) partner(d Ratio) *Lane {
	for i := range p.Lanes {
		if l := &p.Lanes[i]; !l.Pair() && l.D == (Ratio{-d.Num, d.Shift}) {
			return l
		}
	}
	return nil
}
