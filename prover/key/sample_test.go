package key

import (
	"testing"

	"rpp-node/prover/air"
	"rpp-node/prover/device"
	"rpp-node/prover/field"
	"rpp-node/prover/merkle"
	"rpp-node/prover/soundness"
	"rpp-node/prover/stark"
	"rpp-node/prover/system"
)

// sampleHeights are those of the tables of sampleCircuit.
var sampleHeights = []int{3, 2}

// sampleCircuit adds up values from {0, 1, 2} in one table; another offers {0, 1, 2, 3} to
// look them up in. summand is the factor of the value in the sum, 1 in the sample.
func sampleCircuit(summand uint64) *air.Circuit {
	f := field.KoalaBear
	b := air.NewBuilder(f, "sum", 2, 1)
	value, sum := b.Main(0), b.Main(1)
	b.When(b.First(), func() { b.AssertEqual(sum, value) })
	b.When(b.Transition(), func() { b.AssertEqual(b.Next(1), sum.Add(b.Next(0).Scale(summand))) })
	b.When(b.Last(), func() { b.AssertEqual(sum, b.Public(0)) })
	b.AssertZero(value.Mul(value.SubConst(1)).Mul(value.SubConst(2)))
	b.Send("small", b.Const(1), 1, value)

	offer := air.NewBuilder(f, "offer", 1, 0)
	offer.SetPreprocessed(1, []field.Elem{0, f.One(), f.FromUint(2), f.FromUint(3)})
	offer.Provide("small", offer.Main(0), offer.Prep(0))
	return &air.Circuit{Name: "sample", Field: f, Tables: []air.Table{b.Table(), offer.Table()}}
}

func sampleProfile(tb testing.TB) soundness.Profile {
	tb.Helper()
	p, err := soundness.ProfileByName("fast")
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// sampleKey derives the sample's key.
func sampleKey(tb testing.TB, hash merkle.Kind) *Verifying {
	tb.Helper()
	c, p := sampleCircuit(1), sampleProfile(tb)
	s, err := system.New(c, field.ExtOf(c.Field, p.Degree), hash, Params(p), nil)
	if err != nil {
		tb.Fatal(err)
	}
	stark.NewKey(s, device.NewCPU(1))
	return Describe("sample", "tiny", 3, s, p, [][]int{sampleHeights})
}
