package verifier_test

import (
	"bytes"
	"math/bits"
	"path"
	"slices"
	"strings"
	"testing"

	"rpp-node/prover/codec"
	"rpp-node/prover/field"
	"rpp-node/prover/internal/vectors"
	"rpp-node/prover/interop"
	"rpp-node/prover/merkle"
	"rpp-node/prover/system"
	"rpp-node/prover/verifier"
)

// crafted is a rejection that chance would not find.
type crafted struct {
	name string
	code verifier.Code
	run  func(tb testing.TB) error
}

// craftedCases lists at least one rejection for each code that needs a statement, a key
// or a challenge other than those of a valid proof.
func craftedCases() []crafted {
	const mixed, small = "mixed_p2_d4_odd", "mixed_p2_d4_small"
	verifyBytes := func(tb testing.TB, change func(f *fixture) []byte, limit int) error {
		f := loadFixture(tb, mixed)
		return verifier.VerifyBytes(f.sys, f.st, change(f), limit)
	}
	return []crafted{
		{"proof above the limit", "V001-too-large", func(tb testing.TB) error {
			return verifyBytes(tb, func(f *fixture) []byte { return append(f.bin, make([]byte, codec.MaxProofBytes)...) }, codec.MaxProofBytes)
		}},
		{"bytes after the end", "V003-trailing", func(tb testing.TB) error {
			return verifyBytes(tb, func(f *fixture) []byte { return append(f.bin, 0) }, codec.MaxProofBytes)
		}},
		{"a hiding proof", "V005-hiding", func(tb testing.TB) error {
			return verifyBytes(tb, func(f *fixture) []byte {
				p := f.decode(tb)
				enc := f.format().Encode(nil, p)
				// The option of a random commitment follows the three caps.
				at := len(f.format().Encode(nil, &codec.Proof{Main: p.Main, Permutation: p.Permutation, Quotient: p.Quotient}))
				tail := len(f.format().Encode(nil, &codec.Proof{})) - 3 // three empty commitments
				enc[at-tail] = 1
				return enc
			}, codec.MaxProofBytes)
		}},
		{"a height more", "V010-heights", func(tb testing.TB) error {
			f := loadFixture(tb, mixed)
			st := *f.st
			st.LogHeights = append(slices.Clone(st.LogHeights), 3)
			return verifier.Verify(f.sys, &st, f.proof)
		}},
		{"a table above the cap", "V010-heights", func(tb testing.TB) error {
			f := loadFixture(tb, mixed)
			s := *f.sys
			s.FRI.CapHeight = f.st.LogHeights[0] + s.FRI.LogBlowup + 1
			return verifier.Verify(&s, f.st, f.proof)
		}},
		{"a public value less", "V011-public-values", func(tb testing.TB) error {
			f := loadFixture(tb, mixed)
			st := *f.st
			st.Publics = slices.Clone(st.Publics)
			st.Publics[0] = nil
			return verifier.Verify(f.sys, &st, f.proof)
		}},
		{"a key without its preprocessed commitment", "V012-preprocessed", func(tb testing.TB) error {
			f := loadFixture(tb, mixed)
			s := *f.sys
			s.PrepCap = nil
			return verifier.Verify(&s, f.st, f.proof)
		}},
		{"a key with half of its preprocessed commitment", "V012-preprocessed", func(tb testing.TB) error {
			f := loadFixture(tb, mixed)
			s := *f.sys
			s.PrepCap = s.PrepCap[:len(s.PrepCap)/2]
			return verifier.Verify(&s, f.st, f.proof)
		}},
		{"messages that may wrap around the field", "V013-multiplicity", func(tb testing.TB) error {
			f := loadFixture(tb, mixed)
			return verifier.Verify(heavier(tb, mixed), f.st, f.proof)
		}},
		{"no queries", "V014-parameters", func(tb testing.TB) error {
			f := loadFixture(tb, mixed)
			s := *f.sys
			s.FRI.NumQueries = 0
			return verifier.Verify(&s, f.st, f.proof)
		}},
		{"opening point among the queried", "V037-opening-point", func(tb testing.TB) error {
			f := loadFixture(tb, mixed)
			z := freeze(record(tb, f, f.proof))
			logMax := slices.Max(f.st.LogHeights) + f.sys.FRI.LogBlowup
			first := slices.IndexFunc(z.samples, func(e entry) bool { return e.label == "query" })
			b := f.sys.Ext.Base
			at := b.Mul(b.Generator(), b.Exp(b.Root(logMax), uint64(bits.Reverse32(z.samples[first].words[0])>>(32-logMax))))
			z.override["zeta"] = f.sys.Ext.FromBase(at)
			return verifier.VerifyThrough(f.sys, f.st, f.proof, z.wrap)
		}},
		{"constant table opened as something else", "V038-constant-input", func(tb testing.TB) error {
			f := loadFixture(tb, small)
			z := freeze(record(tb, f, f.proof))
			i := slices.Index(f.st.LogHeights, 0)
			p := f.decode(tb)
			p.Instances[i].MainLocal[0] = f.sys.Ext.Add(p.Instances[i].MainLocal[0], f.sys.Ext.One())
			return verifier.VerifyThrough(f.sys, f.st, p, z.wrap)
		}},
		{"another final polynomial under the same challenges", "V039-final-poly", func(tb testing.TB) error {
			f := loadFixture(tb, mixed)
			z := freeze(record(tb, f, f.proof))
			p := f.decode(tb)
			p.FRI.FinalPoly[1] = f.sys.Ext.Add(p.FRI.FinalPoly[1], f.sys.Ext.One())
			return verifier.VerifyThrough(f.sys, f.st, p, z.wrap)
		}},
		{"out-of-domain point in the domain", "V050-zeta", func(tb testing.TB) error {
			f := loadFixture(tb, mixed)
			z := freeze(record(tb, f, f.proof))
			z.override["zeta"] = f.sys.Ext.FromBase(f.sys.Ext.Base.Root(f.st.LogHeights[2]))
			return verifier.VerifyThrough(f.sys, f.st, f.proof, z.wrap)
		}},
		{"bad witness", "V051-constraints", func(tb testing.TB) error { return badWitness(tb, "fib6_p2_d5_small", "fib_wrong_value") }},
		{"unbalanced bus", "V052-balance", func(tb testing.TB) error {
			return badWitness(tb, "mixed_p2_d5_seeded", "mixed_unbalanced_hand")
		}},
	}
}

func badWitness(tb testing.TB, circuit, name string) error {
	s := openSystem(tb, circuit).Sys
	in, err := interop.DecodeInstance(vectors.Bytes(tb, "batch2/negative/"+name+".instance.json"), s)
	if err != nil {
		tb.Fatal(err)
	}
	st := &verifier.Statement{LogHeights: in.LogHeights, Publics: in.Publics}
	return verifier.VerifyBytes(s, st, vectors.Bytes(tb, "batch2/negative/"+name+".bin"), codec.MaxProofBytes)
}

// heavier is a circuit of which each message may count p-1 times.
func heavier(tb testing.TB, name string) *system.System {
	tb.Helper()
	s, err := interop.DecodeCircuit(vectors.Bytes(tb, "batch2/"+name+".circuit.json"), func(file string) ([]byte, error) {
		b := vectors.Bytes(tb, path.Join("batch2", file))
		if !bytes.Contains(b, []byte(`"weight":1`)) {
			tb.Fatalf("%s has no message of weight 1", file)
		}
		return []byte(strings.ReplaceAll(string(b), `"weight":1`, `"weight":2130706432`)), nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// TestCrafted hits the rejections that chance would not find.
func TestCrafted(t *testing.T) {
	for _, c := range craftedCases() {
		t.Run(c.name, func(t *testing.T) { wantCode(t, c.run(t), c.code) })
	}
}

// TestFrozenChallenges changes what the transcript binds while the challenges stay those
// of the honest run: every value of a proof must also be held by a check of its own.
// Digests of commitments are left out: a query need not pass through each.
func TestFrozenChallenges(t *testing.T) {
	for _, name := range []string{"fib6_kk_d5_seeded", "mixed_p2_d4_odd", "range_p2_d4_small"} {
		f := loadFixture(t, name)
		z := freeze(record(t, f, f.proof))
		x := f.sys.Ext
		check := func(what string, change func(p *codec.Proof)) {
			p := f.decode(t)
			change(p)
			if err := verifier.VerifyThrough(f.sys, f.st, p, z.wrap); err == nil {
				t.Errorf("%s: accepted with another %s", name, what)
			} else {
				codeOf(t, err)
			}
		}
		bump := func(e *field.E, i int) { e[i%x.D] = x.Base.Add(e[i%x.D], x.Base.One()) }
		for i := range f.proof.Instances {
			lists := func(p *codec.Proof) [][]field.E {
				o := &p.Instances[i]
				return append([][]field.E{o.MainLocal, o.MainNext, o.PrepLocal, o.PrepNext, o.PermLocal, o.PermNext}, o.Quotient...)
			}
			for l, list := range lists(f.proof) {
				for k := range list {
					check("opened value", func(p *codec.Proof) { bump(&lists(p)[l][k], k) })
				}
			}
			if f.proof.Terminals[i] != nil {
				check("terminal", func(p *codec.Proof) { bump(p.Terminals[i], i) })
			}
		}
		for i := range f.proof.FRI.FinalPoly {
			check("final polynomial", func(p *codec.Proof) { bump(&p.FRI.FinalPoly[i], i) })
		}
		for i, in := range f.proof.FRI.Inputs {
			for q := range in.Rows {
				for m := range in.Rows[q] {
					check("opened row", func(p *codec.Proof) {
						row := p.FRI.Inputs[i].Rows[q][m]
						row[len(row)-1] = x.Base.Add(row[len(row)-1], x.Base.One())
					})
				}
			}
			for k := range in.Siblings {
				check("sibling", func(p *codec.Proof) { p.FRI.Inputs[i].Siblings[k] = merkle.Digest{1} })
			}
		}
		for i, r := range f.proof.FRI.Rounds {
			for q := range r.Values {
				check("codeword value", func(p *codec.Proof) { bump(&p.FRI.Rounds[i].Values[q][0], q) })
			}
			for k := range r.Siblings {
				check("sibling", func(p *codec.Proof) { p.FRI.Rounds[i].Siblings[k] = merkle.Digest{1} })
			}
		}
	}
}
