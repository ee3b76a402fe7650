package plan

// HalfRounds is the number of full rounds on each side of the partial ones.
const HalfRounds = 4

// Layout is where the constants lie in the table, in 64-bit words. A Montgomery constant
// takes two: the factor and the factor times p^-1 mod 2^52.
type Layout struct {
	Initial int // a row that is added to the state, then one for each round
	Enter   int // Montgomery constants: element 0, twice; each lane, for pairs sum and difference
	First   int // round constant of element 0 in the first partial round
	Update  int // constants of Kind for each lane
	Partial int // PartialWords for each partial round, and for the update after the last
	Leave   int // Montgomery constant for each pair
	Final   int // the same for the last full rounds
	Out     int // Montgomery constant
	Words   int
}

// The constants that are the same for all rounds.
const (
	MU             = iota // p^-1 mod 2^52
	NegMU                 // -p^-1 mod 2^52
	P                     // p
	NegP                  // -p mod 2^52
	Barrett               // floor(2^52 / p)
	One                   // 1
	Even                  // 2^33 - 2: a 32-bit word, doubled
	Odd                   // an odd multiple of p, for degree 7 above the size of negative sums
	Complement            // ComplementMultiple·p
	TwoP                  // 2p
	Weight                // the number n of elements that a partial round adds up
	MinusTwoWeight        // -2n mod 2^52
	headWords
)

// Multiples of p that keep differences positive. In full rounds of degree 7 an element is
// a sum, with weights of at most 49, of doubled results above -p - 2^12. In partial rounds
// b and sums of lanes are below 1023p, which is odd for a reason of its own (see enter).
const (
	OddMultiple        = 101
	ComplementMultiple = 1023
)

// Words of one partial round: the constant of b, and of e.
const (
	NextSum = iota
	Recover
	PartialWords
)

// Words of a lane's update.
const (
	LowMask  = iota // Shift: 2^Shift - 1
	HighPart        // Shift: 2^(52-Shift)
	LowPart         // Shift: -Odd·2^(Adicity-Shift) mod 2^52, of the other sign if Negative
	UpdateWords
	Multiplier = LowMask // Scale: Factor
)

// MontgomeryWords is the size of a Montgomery constant.
const MontgomeryWords = 2

func (p *Plan) layout() (l Layout) {
	at := headWords
	take := func(n int) int {
		from := at
		at += n
		return from
	}
	lanes, pairs := len(p.Lanes), 0
	for i := range p.Lanes {
		if p.Lanes[i].Pair() {
			pairs++
		}
	}
	l.Initial = take((1 + HalfRounds) * p.Width)
	l.Enter = take(MontgomeryWords * (2 + lanes + pairs))
	l.First = take(1)
	l.Update = take(UpdateWords * lanes)
	l.Partial = take(PartialWords * (p.Rounds + 1))
	l.Leave = take(MontgomeryWords * pairs)
	l.Final = take((1 + HalfRounds) * p.Width)
	l.Out = take(MontgomeryWords)
	l.Words = at
	return l
}

// Lanes is how many states a kernel permutes, Capacity how many elements of a state a
// sponge never overwrites.
const (
	Lanes    = 16
	Capacity = 8
)

// Sizes of a kernel's buffer: the states' words,
// then a scratch for either half of the lanes, which has an element of eight 64-bit words
// in a row and four rows of sums.
const (
	maxWidth     = 24
	WordsBytes   = maxWidth * Lanes * 4
	ScratchBytes = (maxWidth + 4) * Lanes / 2 * 8
	BufferBytes  = WordsBytes + 2*ScratchBytes
)
