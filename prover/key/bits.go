package key

import (
	"rpp-node/prover/soundness"
	"rpp-node/prover/system"
)

// Analyse gives the bits that proofs of a system attain at the given heights.
func Analyse(s *system.System, logHeights []int) (soundness.Report, error) {
	p := soundness.Params{
		ExtensionBits: soundness.ExtensionBits(s.Ext.Base.Modulus(), s.Ext.D, soundness.Exact),
		LogBlowup:     s.FRI.LogBlowup, NumQueries: s.FRI.NumQueries, QueryPoWBits: s.FRI.QueryPoWBits,
		CommitPoWBits: s.FRI.CommitPoWBits, MaxLogArity: s.FRI.MaxLogArity, LogFinalPolyLen: s.FRI.LogFinalPolyLen,
		DigestBits: soundness.ClaimCap,
	}
	return soundness.Analyse(p, shape(s, logHeights))
}

// shape counts what the bits depend on.
func shape(s *system.System, logHeights []int) soundness.Shape {
	sh := soundness.Shape{Constraints: 1, Degree: 2, OpeningPoints: 1}
	for i := range s.Circuit.Tables {
		t, l := &s.Circuit.Tables[i], &s.Layout.Tables[i]
		sh.LogHeight = max(sh.LogHeight, logHeights[i])
		count := len(t.Constraints)
		degree := t.BaseDegree(t.Degrees(s.Circuit.Field))
		if l.Width() > 0 {
			count += len(l.Columns) + 3
			sh.MessageWidth = max(sh.MessageWidth, s.Layout.MaxWidth)
		}
		for _, c := range l.Columns {
			degree = max(degree, c.Degree)
			sh.Interactions += uint64(len(c.Tuples)) << logHeights[i]
		}
		sh.Constraints = max(sh.Constraints, count)
		sh.Degree = max(sh.Degree, degree)
	}
	for _, r := range s.Rounds(logHeights) {
		for _, m := range r.Mats {
			points := 1
			if m.Next {
				points = 2
			}
			sh.OpeningPoints = max(sh.OpeningPoints, points)
			sh.Functions += points * m.Width
		}
	}
	return sh
}

// Analyse gives the bits of the weakest proofs that the key allows (not always the tallest:
// the query term of a low table is the worse); the caller has made the system from the key.
func (k *Verifying) Analyse(s *system.System) (soundness.Report, error) {
	var worst soundness.Report
	for i, h := range k.Heights {
		r, err := Analyse(s, h)
		if err != nil {
			return r, err
		}
		if i == 0 || r.Proven().Bits() < worst.Proven().Bits() {
			worst = r
		}
	}
	return worst, nil
}
