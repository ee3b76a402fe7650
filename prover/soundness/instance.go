package soundness

import "math"

// instance holds the quantities that the terms of all regimes are made of, under the
// names of the papers (doc.go).
type instance struct {
	p Params
	s Shape

	b       float64 // log2|F|
	k       float64 // rows of the tallest table
	logN    float64 // log2 n
	n       float64 // points of its low-degree extension
	rho     float64 // rate
	sqrtRho float64
	rhoPlus float64 // (k+o)/n: rate once the o out-of-domain values are divided out
	arity   float64 // folding factor of a round
}

func newInstance(p Params, s Shape) instance {
	in := instance{p: p, s: s, b: p.ExtensionBits}
	in.k = math.Ldexp(1, s.LogHeight)
	in.logN = float64(s.LogHeight + p.LogBlowup)
	in.n = math.Ldexp(in.k, p.LogBlowup)
	in.rho = math.Ldexp(1, -p.LogBlowup)
	in.sqrtRho = math.Sqrt(in.rho)
	in.rhoPlus = (in.k + float64(s.OpeningPoints)) / in.n
	in.arity = math.Ldexp(1, p.MaxLogArity)
	return in
}

// ali: a false combination of the constraints vanishes for at most one challenge a
// constraint and codeword of the list.
func (in *instance) ali(logList float64) float64 {
	return in.b - logList - math.Log2(float64(in.s.Constraints))
}

// deep: the identity between constraints and quotient has degree at most d(k+o−1) + k−1,
// and holds falsely at no more out-of-domain points than that, for each codeword.
func (in *instance) deep(logList float64) float64 {
	degree := float64(in.s.Degree)*(in.k+float64(in.s.OpeningPoints)-1) + in.k - 1
	return in.b - logList - math.Log2(max(degree, 1))
}

// query: every query must hit the agreement set, whose density is agreement.
func (in *instance) query(agreement float64) float64 {
	return float64(in.p.QueryPoWBits) - float64(in.p.NumQueries)*math.Log2(agreement)
}

// logUp: a false multiset equality becomes true at a root of the cleared sum of fractions,
// of degree width+1 a denominator in the two challenges, or where a denominator vanishes.
func (in *instance) logUp() float64 {
	if in.s.Interactions == 0 {
		return none
	}
	return in.b - math.Log2(float64(in.s.Interactions)) - math.Log2(float64(in.s.MessageWidth)+2)
}

// batch: the proximity gap of a line, gap = log2 of its exceptional challenges, once for
// each power after the first.
func (in *instance) batch(gap float64) float64 {
	if in.s.Functions < 2 {
		return none
	}
	return in.b - gap - math.Log2(float64(in.s.Functions)-1)
}

// commitUnique bounds the folding round of the largest domain by n+1 exceptional
// challenges a power. The conjecture removes the list, not these challenges, so the
// conjectured regime has the same term.
func (in *instance) commitUnique() float64 {
	if !in.folds() {
		return none
	}
	return in.b - math.Log2((in.arity-1)*(in.n+1)) + float64(in.p.CommitPoWBits)
}

// commitJohnson bounds the folding round of the largest domain by BCHKS25 (ePrint
// 2025/2055, Thm 1.5), once for each power of the challenge. Upstream takes the minimum
// with the bound of ePrint 2024/1553, a(n+1)(2m+1)/√ρ challenges for the whole round. That
// one is never the smaller: it counts fewer challenges by a factor of at least
// (m+½)^4·(a−1)/(4aρ), which is above 30 for m ≥ 3.
func (in *instance) commitJohnson(m int) float64 {
	if !in.folds() {
		return none
	}
	h := float64(m) + 0.5
	gamma := 1 - in.agreementJohnson(m)
	line := (2*math.Pow(h, 5)+3*h*gamma*in.rho)*in.n/(3*in.rho*in.sqrtRho) + h/in.sqrtRho
	return in.b - math.Log2(line*(in.arity-1)) + float64(in.p.CommitPoWBits)
}

// gapJohnson is log2 of the dominant term of BCHKS25's count of exceptional challenges;
// what is left out is below 1/200 of a bit from m = 3 on.
func (in *instance) gapJohnson(m int) float64 {
	h := float64(m) + 0.5
	return in.logN + math.Log2(2*math.Pow(h, 5)/(3*in.rho*in.sqrtRho))
}

func (in *instance) agreementJohnson(m int) float64 {
	return in.sqrtRho * (1 + 1/(2*float64(m)))
}

// folds: a table of one row, or of as many as the final polynomial has coefficients, is
// sent as it is.
func (in *instance) folds() bool { return in.s.LogHeight > in.p.LogFinalPolyLen }
