package system_test

import (
	"errors"
	"testing"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/fri"
	"rpp-node/prover/merkle"
	"rpp-node/prover/system"
)

// TestDegreesDoNotWrap squares a column until the degree would come round to zero or
// below, or to a small number: such a constraint would be given quotient chunks in which
// any trace fits.
func TestDegreesDoNotWrap(t *testing.T) {
	f := field.KoalaBear
	params := fri.Params{LogBlowup: 8, MaxLogArity: 1, NumQueries: 1}
	power := func(b *air.Builder, squarings int) air.Expr {
		e := b.Main(0)
		for range squarings {
			e = e.Square()
		}
		return e
	}
	build := func(b *air.Builder) error {
		c := &air.Circuit{Name: "t", Field: f, Tables: []air.Table{b.Table()}}
		_, err := system.New(c, field.KoalaBear4, merkle.Poseidon2, params, nil)
		return err
	}
	for _, squarings := range []int{9, 20, 62, 63, 64, 65, 200} {
		b := air.NewBuilder(f, "t", 1, 0)
		b.AssertZero(power(b, squarings).SubConst(1))
		if err := build(b); !errors.Is(err, system.ErrQuotientDegree) {
			t.Errorf("constraint after %d squarings: %v", squarings, err)
		}
		b = air.NewBuilder(f, "t", 1, 0)
		b.Send("bus", b.Const(1), 1, power(b, squarings))
		if err := build(b); !errors.Is(err, system.ErrQuotientDegree) {
			t.Errorf("message after %d squarings: %v", squarings, err)
		}
		b = air.NewBuilder(f, "t", 1, 0)
		b.Send("bus", power(b, squarings), 1, b.Main(0))
		if err := build(b); !errors.Is(err, system.ErrQuotientDegree) {
			t.Errorf("count after %d squarings: %v", squarings, err)
		}
	}
	b := air.NewBuilder(f, "t", 1, 0)
	b.AssertZero(power(b, 8).SubConst(1))
	if err := build(b); err != nil {
		t.Errorf("degree 256 under a blow-up of 256: %v", err)
	}
}
