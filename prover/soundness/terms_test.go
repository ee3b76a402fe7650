package soundness

import "testing"

// Every term of a table of 8 rows, worked out from the papers' formulas apart from this
// package. At this size the small summands that the big tables hide are seen: the −1 of
// DEEP, the second term of the proximity gap, the grinding of the folding challenges.
func TestTermsOfASmallTable(t *testing.T) {
	r := analyse(t,
		Params{ExtensionBits: 100, LogBlowup: 1, NumQueries: 10, QueryPoWBits: 7, CommitPoWBits: 5, MaxLogArity: 2, DigestBits: 60},
		Shape{LogHeight: 3, Constraints: 4, Degree: 2, OpeningPoints: 2, Functions: 6, Interactions: 40, MessageWidth: 3})
	if r.Johnson.M != 4 {
		t.Fatalf("m = %d, want 4", r.Johnson.M)
	}
	const logUp = 92.35614381
	for _, c := range []struct {
		bound Bound
		want  []Term
	}{
		{r.UniqueDecoding, []Term{{ALI, 98}, {DEEP, 95.35614381}, {Commit, 99.32757465}, {Query, 9.99560281},
			{Batch, 93.67807190}, {LogUp, logUp}, {Digest, 60}}},
		{r.Johnson, []Term{{ALI, 95.33007500}, {DEEP, 92.68621881}, {Commit, 87.64967063}, {Query, 10.30074999},
			{Batch, 81.91340940}, {LogUp, logUp}, {Digest, 60}}},
		{r.Conjectured, []Term{{ALI, 98}, {DEEP, 95.35614381}, {Commit, 99.32757465}, {Query, 16.65182887},
			{LogUp, logUp}, {Digest, 60}}},
	} {
		got := c.bound.Terms()
		if len(got) != len(c.want) {
			t.Fatalf("%s: %v, want %v", c.bound.Name(), got, c.want)
		}
		for i, w := range c.want {
			if got[i].Source != w.Source || !near(got[i].Bits, w.Bits, 1e-7) {
				t.Errorf("%s: %s has %.8f bits, want %s with %.8f", c.bound.Name(), got[i].Source, got[i].Bits, w.Source, w.Bits)
			}
		}
	}
}
