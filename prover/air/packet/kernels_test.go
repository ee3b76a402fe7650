package packet

import (
	"math/rand/v2"
	"testing"

	"rpp-node/prover/air"
	"rpp-node/prover/air/packet/internal/op"
	"rpp-node/prover/field"
	"rpp-node/prover/internal/guard"
	"rpp-node/prover/kernels"
)

// TestEveryInstruction: the random programs of TestMachine make every instruction that the
// interpreters have, with every choice of operands.
func TestEveryInstruction(t *testing.T) {
	seen := map[uint32]bool{}
	rng := rand.New(rand.NewPCG(4, 2))
	for range 400 {
		in := randomInstance(rng, field.KoalaBear4, 5+rng.IntN(200), rng.IntN(80), 1)
		for _, c := range Compile(field.KoalaBear, &in.table, in.widths...).code {
			seen[c.code] = true
		}
	}
	for code := range uint32(op.Codes) {
		o, flags := op.Of(code)
		readsA, _, _ := o.Shape()
		possible := o != op.End && o < op.Count && (readsA || flags&^op.Store == 0)
		switch {
		case o == op.Load:
			possible = flags == 0
		case o == op.Broadcast:
			possible = flags == op.Store // only for outputs
		case flags&op.AccB != 0:
			possible = o == op.Sub && flags&op.AccA == 0
		}
		if seen[code] != possible {
			t.Errorf("operation %d with flags %#x: seen %v, want %v", o, flags, seen[code], possible)
		}
	}
}

// TestFoldBounds folds the largest words with the largest coefficients: the sums must not
// overflow. Memory ends after the coefficients.
func TestFoldBounds(t *testing.T) {
	forEverySet(t, func(t *testing.T) {
		for _, x := range extensions {
			f := x.Base
			for count := 1; count <= 2*segmentOutputs; count++ {
				tab := air.Table{Width: 1, MaxDegree: air.NoDegreeHint, Nodes: []air.Node{{Op: air.OpMain}}}
				tab.Constraints = make([]air.NodeID, count)
				largest := field.Elem(f.Modulus() - 1)
				coefs := make([]field.Elem, count*x.D)
				for i := range coefs {
					coefs[i] = largest
				}
				coefs = guard.Copy(t, guard.After, coefs)
				m := Compile(f, &tab, 1).NewMachine(nil)
				m.Rows(0, 0)[0] = []field.Elem{largest}
				want := f.Mul(f.FromUint(uint64(count)), f.Mul(largest, largest))
				for e, v := range m.Fold(1, x.D, coefs) {
					if e < x.D && v[0] != want {
						t.Fatalf("%d outputs: coefficient %d is %d, want %d", count, e, v[0], want)
					}
				}
			}
		}
	})
}

// TestRowsEnd: rows that end where memory does, of every width.
func TestRowsEnd(t *testing.T) {
	values := make([]field.Elem, 3*op.Group+1)
	for i := range values {
		values[i] = field.Elem(i)
	}
	forEverySet(t, func(t *testing.T) {
		for width := 1; width <= len(values); width++ {
			row := guard.Copy(t, guard.After, values[:width])
			tab := air.Table{Width: width, MaxDegree: air.NoDegreeHint}
			for c := range width {
				tab.Nodes = append(tab.Nodes, air.Node{Op: air.OpMain, B: int32(c)})
				tab.Constraints = append(tab.Constraints, air.NodeID(c))
			}
			m := Compile(field.BabyBear, &tab, width).NewMachine(nil)
			m.Rows(0, 0)[0] = row
			m.Run(1, func(k int, values []field.Elem) {
				if values[0] != row[k] {
					t.Fatalf("width %d: column %d is %d, want %d", width, k, values[0], row[k])
				}
			})
		}
	})
}

// TestRegistersOnly: a machine writes nothing before or after its registers.
func TestRegistersOnly(t *testing.T) {
	forEverySet(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(4, 5))
		for range 50 {
			in := randomInstance(rng, field.KoalaBear5, 100, 40, 3)
			m := Compile(field.KoalaBear, &in.table, in.widths...).NewMachine(in.publics)
			n := len(m.regs)
			guarded := aligned(n + 2*alignment)
			for i := range guarded {
				guarded[i] = 0xabcdef
			}
			clear(guarded[alignment:][:n])
			m.regs = guarded[alignment:][:n:n]
			in.fill(m, 0, 3)
			m.Fold(3, 5, in.coefs)
			for i, v := range guarded {
				if (i < alignment || i >= alignment+n) && v != 0xabcdef {
					t.Fatalf("%s: word %d outside of %d was written", kernels.Active(), i-alignment, n)
				}
			}
		}
	})
}
