package soundness

import "math"

// The range in which m is sought. BCHKS25 takes m ≥ 3; beyond 1000 a query gains
// less than a thousandth of a bit.
const (
	minM = 3
	maxM = 1000
)

// Report is the security of one circuit shape under one set of parameters.
type Report struct {
	Params Params
	Shape  Shape

	UniqueDecoding Bound
	Johnson        Bound // at the m that is best for the whole
	Conjectured    Bound

	// UpstreamReport is the figure that Plonky3's proven_security_report gives: the better
	// of unique decoding and of Johnson at the m that is best for commit and query alone.
	UpstreamReport Bound
}

// Proven is the better of the two proven bounds: the figure to state, and the one that
// the floor is compared with.
func (r Report) Proven() Bound { return better(r.UniqueDecoding, r.Johnson) }

// Analyse bounds every source of error in every regime. The error is an *InputError.
func Analyse(p Params, s Shape) (Report, error) {
	if err := p.check(); err != nil {
		return Report{}, err
	}
	if err := s.check(p); err != nil {
		return Report{}, err
	}
	in := newInstance(p, s)
	r := Report{
		Params:         p,
		Shape:          s,
		UniqueDecoding: in.uniqueDecoding(),
		Johnson:        in.bestJohnson(Bound.Bits),
		Conjectured:    in.conjectured(),
	}
	r.UpstreamReport = better(r.UniqueDecoding, in.bestJohnson(Bound.lowDegreeTestBits))
	return r, nil
}

// better prefers the first where both are equal.
func better(a, b Bound) Bound {
	if b.Bits() > a.Bits() {
		return b
	}
	return a
}

func (b Bound) lowDegreeTestBits() float64 { return min(b.bits[Commit], b.bits[Query]) }

func (in *instance) uniqueDecoding() Bound {
	agreement := (1 + in.rhoPlus) / 2
	if agreement >= 1 { // the opened values alone fill the domain: the regime is empty
		return void(UniqueDecoding)
	}
	return Bound{Regime: UniqueDecoding, bits: [sourceCount]float64{
		ALI:    in.ali(0),
		DEEP:   in.deep(0),
		Commit: in.commitUnique(),
		Query:  in.query(agreement),
		Batch:  in.batch(in.logN),
		LogUp:  in.logUp(),
		Digest: in.p.DigestBits,
	}}.floorAtZero()
}

func (in *instance) johnson(m int) Bound {
	logList := math.Log2((float64(m) + 0.5) / in.sqrtRho)
	return Bound{Regime: Johnson, M: m, bits: [sourceCount]float64{
		ALI:    in.ali(logList),
		DEEP:   in.deep(logList),
		Commit: in.commitJohnson(m),
		Query:  in.query(in.agreementJohnson(m)),
		Batch:  in.batch(in.gapJohnson(m)),
		LogUp:  in.logUp(),
		Digest: in.p.DigestBits,
	}}.floorAtZero()
}

// conjectured: correlated agreement up to capacity with a list of one, and queries that
// agree with a random word's density ρ + η (ePrint 2025/2010, §1.5).
func (in *instance) conjectured() Bound {
	eta := in.rho * (math.Log2E + float64(in.p.LogBlowup)) / in.b
	return Bound{Regime: Conjectured, bits: [sourceCount]float64{
		ALI:    in.ali(0),
		DEEP:   in.deep(0),
		Commit: in.commitUnique(),
		Query:  in.query(in.rho + eta),
		Batch:  none,
		LogUp:  in.logUp(),
		Digest: in.p.DigestBits,
	}}.floorAtZero()
}

// bestJohnson scans the admissible m for the largest merit, the smallest m among equals.
// The scan is exhaustive: it costs well under a millisecond, and the merit of a rounded
// optimum would have to be argued for.
func (in *instance) bestJohnson(merit func(Bound) float64) Bound {
	best, bestMerit := void(Johnson), math.Inf(-1)
	for m := minM; m <= maxM && in.admissible(m); m++ {
		b := in.johnson(m)
		if v := merit(b); v > bestMerit {
			best, bestMerit = b, v
		}
	}
	return best
}

// admissible: the agreement must exceed √ρ⁺, the Johnson radius of the code once the
// out-of-domain values are divided out (ePrint 2021/582, Thm 1: η > 0). It fails for a
// large m over a short table, and stays failed as m grows.
func (in *instance) admissible(m int) bool {
	a := in.agreementJohnson(m)
	return a < 1 && a > math.Sqrt(in.rhoPlus)
}

// void is the bound of a regime that does not exist at this height: nothing is proven in
// it, for want of a distance that the queries could detect.
func void(r Regime) Bound {
	b := Bound{Regime: r}
	for s := range b.bits {
		b.bits[s] = none
	}
	b.bits[Query] = 0
	return b
}
