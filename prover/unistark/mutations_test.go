package unistark

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"rpp-node/prover/internal/vectors"
)

// mutation is a change to a proof, and what upstream's verifier said to it.
type mutation struct {
	Base, Mutation string
	Offset, Bit    int
	Accepts        bool   `json:"rust_accepts"`
	Says           string `json:"rust_says"`
}

func (m *mutation) apply(t *testing.T, proof []byte) []byte {
	t.Helper()
	b := slices.Clone(proof)
	switch m.Mutation {
	case "flip":
		b[m.Offset] ^= 1 << m.Bit
	case "truncate":
		b = b[:m.Offset]
	case "append":
		b = append(b, 0)
	case "lastbyte+1":
		b[len(b)-1]++
	default:
		t.Fatalf("unknown mutation %q", m.Mutation)
	}
	return b
}

// TestMutations refuses every changed proof. Upstream accepts one of them, a witness for
// no work that is not 0, and so has two proofs there; we have one.
func TestMutations(t *testing.T) {
	var list []mutation
	vectors.JSON(t, "negative/mutations.json", &list)
	bases := map[string]*vector{}
	loose := 0
	for _, m := range list {
		name := strings.TrimSuffix(m.Base, ".bin")
		v := bases[name]
		if v == nil {
			v = load(t, name)
			bases[name] = v
		}
		if m.Accepts {
			loose++
		}
		p, err := decode(v.c, m.apply(t, v.bin))
		if err == nil {
			err = v.verify(v.live(), p)
		}
		if err == nil {
			t.Errorf("%s: %s at %d, bit %d: accepted (upstream: %s)", m.Base, m.Mutation, m.Offset, m.Bit, m.Says)
		}
	}
	if len(list) != 264 || loose != 1 {
		t.Errorf("%d mutations, %d of which upstream accepts; want 264 and 1", len(list), loose)
	}
}

// TestOtherStatements refuses honest proofs for another public value, another height and
// another table.
func TestOtherStatements(t *testing.T) {
	for _, name := range []string{"kb-p2_mix_4_med", "bb-p2w16_fibonacci_6_med", "kb-p2-e5_mix_4_med"} {
		v := load(t, name)
		p, err := decode(v.c, v.bin)
		if err != nil {
			t.Fatal(err)
		}
		refuse := func(what string, change func(s *statement)) {
			t.Helper()
			s := *v.statement
			s.publics = slices.Clone(s.publics)
			table := *s.table
			table.Constraints = slices.Clone(table.Constraints)
			s.table = &table
			change(&s)
			if s.verify(v.live(), p) == nil {
				t.Errorf("%s: accepted for %s", name, what)
			}
		}
		for i := range v.publics {
			refuse(fmt.Sprintf("another public value %d", i), func(s *statement) { s.publics[i] ^= 1 })
		}
		refuse("another height", func(s *statement) { s.logN++ })
		refuse("two constraints exchanged", func(s *statement) {
			c := s.table.Constraints
			c[0], c[1] = c[1], c[0]
		})
		refuse("one constraint less", func(s *statement) { s.table.Constraints = s.table.Constraints[:1] })
	}
}
