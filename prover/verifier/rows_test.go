package verifier_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"

	"rpp-node/prover/codec"
	"rpp-node/prover/field"
	"rpp-node/prover/fri"
	"rpp-node/prover/internal/vectors"
	"rpp-node/prover/interop"
	"rpp-node/prover/merkle"
	"rpp-node/prover/verifier"
)

// Where each known way of getting a verifier of this kind wrong is tested.
//
// Fiat-Shamir:
//
//	FS1  public values not absorbed           TestForgeFS1, TestChallengesDependOnFields
//	FS2  heights not absorbed                 TestForgeFS2, TestHeights
//	FS3  final polynomial not absorbed        fri: TestForgeFS3; TestChallengesDependOnFields
//	FS4  opened values not absorbed           TestForgeFS4
//	FS5  lookup sums not absorbed             TestForgeFS5
//	FS6  structure read from the proof        TestNothingStructuralFromProof
//	FS7  absorbing does not bind the length   challenger: TestAbsorbBindsLength
//	FS8  absorbing is not injective           challenger: TestAbsorbIsInjective, TestAbsorbKeepsEveryCoordinate
//	FS9  unpadded sponge, lengths chosen      TestPaddedRows
//	FS10 claims missing from the transcript   TestGoldenTranscript, TestTapeBindsEveryField, TestFrozenChallenges
//	FS11 public inputs left out               as FS1
//
// Low-degree test and commitments:
//
//	FR1  length of the final polynomial       fri: TestForgeFR1
//	FR2  inputs joined without a factor       fri: TestForgeFR2
//	FR3  height-1 input not constant          TestCrafted, V038
//	FR4  loops over the shorter list          fri: TestForgeFR4; TestMutants
//	FR5  no queries                           TestParameters; TestCrafted, V014
//	FR6  proof-of-work bits out of range      TestParameters
//	FR7  row widths not enforced              fri: TestForgeFR7
//	FR8  heights from the proof               TestHeights
//	FR9  malformed arity                      TestArity
//	FR10 inputs that are never folded         fri: TestNeverFolded
//	FR11 zero denominators                    TestCrafted, V037 and V050
//	FR12 biased or missing queries            challenger: TestQueryIndicesAreUniform; TestMutants, V032
//	FR13 shape of Merkle proofs               TestSiblings; codec: TestLongListsCostNothing
//	FR14 parameters chosen by the prover      TestWeakerParameters
//	FR15 malleable encoding                   TestUnreducedWords; codec: TestRoundTrip, TestCanonical, FuzzDecode
//	FR16 extreme heights                      TestHeights

// TestNothingStructuralFromProof is FS6: of a proof's fields only the heights and the
// arities say anything about structure, and both are compared with the statement's. The
// list of fields is closed, so that a new one must be thought about.
func TestNothingStructuralFromProof(t *testing.T) {
	var small []string
	for _, path := range structFields(reflect.TypeFor[codec.Proof](), "") {
		typ := reflect.TypeFor[codec.Proof]()
		for name := range strings.SplitSeq(path, ".") {
			f, _ := typ.FieldByName(name)
			for typ = f.Type; typ.Kind() == reflect.Slice || typ.Kind() == reflect.Pointer; {
				typ = typ.Elem()
			}
		}
		switch typ {
		case reflect.TypeFor[field.E](), reflect.TypeFor[field.Elem](), reflect.TypeFor[merkle.Digest]():
		default:
			small = append(small, path)
		}
	}
	if want := []string{"FRI.Rounds.LogArity", "DegreeBits"}; !slices.Equal(small, want) {
		t.Errorf("fields that are neither elements nor digests: %v, want %v", small, want)
	}
	// Tables in another order are another circuit.
	f := loadFixture(t, "mixed_p2_d4_odd")
	p := f.decode(t)
	p.Instances[0], p.Instances[1] = p.Instances[1], p.Instances[0]
	wantCode(t, verifier.Verify(f.sys, f.st, p), "V023-opened-width")
}

// TestHeights is FR8, FR16 and FS2: heights that differ from the statement's, alone in the
// proof and together with the statement.
func TestHeights(t *testing.T) {
	for _, name := range []string{"fib6_p2_d4_small", "mixed_kk_d4_odd", "mixed_p2_d5_seeded"} {
		f := loadFixture(t, name)
		for i, h := range f.st.LogHeights {
			others := []uint64{0, 1, 2, 63, 64, 255, 256, 1<<32 + uint64(h), 1<<63 + uint64(h), 1<<64 - 1, uint64(h + 1), uint64(h - 1)}
			for n := uint64(25); n < 64; n++ {
				others = append(others, n)
			}
			for _, other := range others {
				if other == uint64(h) {
					continue
				}
				p := f.decode(t)
				p.DegreeBits[i] = other
				wantCode(t, verifier.Verify(f.sys, f.st, p), "V021-degree-bits")
				st := &verifier.Statement{LogHeights: slices.Clone(f.st.LogHeights), Publics: f.st.Publics}
				st.LogHeights[i] = int(other)
				err := verifier.Verify(f.sys, st, p)
				if codeOf(t, err) == "" {
					t.Errorf("%s: table %d: accepted with 2^%d rows instead of 2^%d", name, i, other, h)
				}
				if (other > 24 || int(other) < 0) && codeOf(t, err) != "V010-heights" {
					t.Errorf("%s: 2^%d rows: %v", name, other, err)
				}
			}
		}
	}
}

// TestParameters is FR5 and FR6: queries and proof-of-work bits out of range are refused
// where a circuit is read and where a proof is verified.
func TestParameters(t *testing.T) {
	const name = "batch2/fib6_p2_d4_small.circuit.json"
	var circuit map[string]any
	vectors.JSON(t, name, &circuit)
	f := loadFixture(t, "fib6_p2_d4_small")
	for _, c := range []struct {
		key    string
		values []int
		set    func(p *fri.Params, v int)
	}{
		{"num_queries", []int{0, -1, fri.MaxQueries + 1, 1 << 40}, func(p *fri.Params, v int) { p.NumQueries = v }},
		{"commit_pow_bits", []int{-1, 31, 32, 63, 64, 255}, func(p *fri.Params, v int) { p.CommitPoWBits = v }},
		{"query_pow_bits", []int{-1, 31, 32, 63, 64, 255}, func(p *fri.Params, v int) { p.QueryPoWBits = v }},
		{"log_blowup", []int{0, -1, 9, 64}, func(p *fri.Params, v int) { p.LogBlowup = v }},
		{"max_log_arity", []int{0, -1, 9, 64, 255}, func(p *fri.Params, v int) { p.MaxLogArity = v }},
		{"log_final_poly_len", []int{-1, 13, 64}, func(p *fri.Params, v int) { p.LogFinalPolyLen = v }},
		{"cap_height", []int{-1, 13, 64}, func(p *fri.Params, v int) { p.CapHeight = v }},
	} {
		for _, v := range c.values {
			circuit["fri"].(map[string]any)[c.key] = v
			b, err := json.Marshal(circuit)
			if err != nil {
				t.Fatal(err)
			}
			_, err = interop.DecodeCircuit(b, func(file string) ([]byte, error) {
				return vectors.Bytes(t, path.Join("batch2", file)), nil
			})
			if !errors.Is(err, fri.ErrParams) || !strings.Contains(err.Error(), c.key) {
				t.Errorf("%s %d: read: %v", c.key, v, err)
			}
			s := *f.sys
			c.set(&s.FRI, v)
			wantCode(t, verifier.Verify(&s, f.st, f.proof), "V014-parameters")
		}
		vectors.JSON(t, name, &circuit)
	}
}

// TestArity is FR9: no arity but the schedule's.
func TestArity(t *testing.T) {
	f := loadFixture(t, "mixed_p2_d4_odd")
	for i, r := range f.proof.FRI.Rounds {
		for a := range 256 {
			if uint8(a) == r.LogArity {
				continue
			}
			p := f.decode(t)
			p.FRI.Rounds[i].LogArity = uint8(a)
			if a < 9 { // with as many values as it would need
				for q := range p.FRI.Rounds[i].Values {
					p.FRI.Rounds[i].Values[q] = make([]field.E, 1<<a-1)
				}
			}
			wantCode(t, verifier.Verify(f.sys, f.st, p), "V031-arity")
		}
	}
}

// TestSiblings is FR13: a sibling more or less, anywhere, in every tree.
func TestSiblings(t *testing.T) {
	for _, name := range []string{"mixed_kk_d4_odd", "range_p2_d4_small"} {
		f := loadFixture(t, name)
		trees := func(p *codec.Proof) (all []*[]merkle.Digest) {
			for i := range p.FRI.Inputs {
				all = append(all, &p.FRI.Inputs[i].Siblings)
			}
			for i := range p.FRI.Rounds {
				all = append(all, &p.FRI.Rounds[i].Siblings)
			}
			return all
		}
		for i, s := range trees(f.proof) {
			for at := range len(*s) + 1 {
				p := f.decode(t)
				s := trees(p)[i]
				*s = slices.Insert(*s, at, merkle.Digest{})
				if c := codeOf(t, verifier.Verify(f.sys, f.st, p)); c != "V043-sibling-count" {
					t.Errorf("%s: tree %d, one more at %d: %q", name, i, at, c)
				}
				if at == 0 {
					continue
				}
				p = f.decode(t)
				s = trees(p)[i]
				*s = slices.Delete(*s, at-1, at)
				if c := codeOf(t, verifier.Verify(f.sys, f.st, p)); c != "V043-sibling-count" {
					t.Errorf("%s: tree %d, one less at %d: %q", name, i, at-1, c)
				}
			}
		}
	}
}

// TestPaddedRows is FS9: an odd row and the same row with a zero have one digest under the
// Keccak sponge over lanes, which does not pad; the zero also adds nothing to the batched
// opening. The width alone refuses it.
func TestPaddedRows(t *testing.T) {
	suite := merkle.NewSuite(merkle.Keccak, field.KoalaBear)
	if suite.HashRow([]field.Elem{5, 7, 9}) != suite.HashRow([]field.Elem{5, 7, 9, 0}) {
		t.Fatal("the sponge pads: this test has lost its point")
	}
	for _, name := range []string{"fib6_kk_d5_seeded", "mixed_kk_d4_odd", "fib6_p2_d4_small"} {
		f := loadFixture(t, name)
		for i, in := range f.proof.FRI.Inputs {
			for m := range in.Rows[0] {
				p := f.decode(t)
				for q := range p.FRI.Inputs[i].Rows {
					row := &p.FRI.Inputs[i].Rows[q][m]
					*row = append(*row, 0)
				}
				wantCode(t, verifier.Verify(f.sys, f.st, p), "V041-row-shape")
			}
		}
	}
}

// TestWeakerParameters is FR14: a valid proof under weaker parameters, of the same circuit
// and statement, is none under stronger ones; nothing in a proof says which it was made
// for.
func TestWeakerParameters(t *testing.T) {
	strong, weak := loadFixture(t, "fib6_p2_d5_production"), loadFixture(t, "fib6_p2_d5_seeded")
	if !slices.Equal(strong.st.Publics[0], weak.st.Publics[0]) || !slices.Equal(strong.sys.Seed, weak.sys.Seed) {
		t.Fatal("not the same statement")
	}
	if codeOf(t, verifier.Verify(strong.sys, strong.st, weak.proof)) == "" {
		t.Error("a proof under weaker parameters is accepted")
	}
	for name, weaken := range map[string]func(p *fri.Params){
		"fewer queries":        func(p *fri.Params) { p.NumQueries-- },
		"fewer bits of work":   func(p *fri.Params) { p.QueryPoWBits--; p.CommitPoWBits++ },
		"smaller blow-up":      func(p *fri.Params) { p.LogBlowup-- },
		"longer polynomial":    func(p *fri.Params) { p.LogFinalPolyLen++ },
		"larger cap":           func(p *fri.Params) { p.CapHeight++ },
		"smaller largest fold": func(p *fri.Params) { p.MaxLogArity-- },
	} {
		s := *strong.sys
		weaken(&s.FRI)
		if codeOf(t, verifier.Verify(&s, strong.st, strong.proof)) == "" {
			t.Errorf("%s: the proof is accepted under other parameters than its own", name)
		}
	}
}

// TestUnreducedWords is FR15: each word of a proof that is a field element, with the
// modulus added, is refused when it is read.
func TestUnreducedWords(t *testing.T) {
	for _, name := range []string{"fib6_kk_d5_small", "range_p2_d4_small"} {
		f := loadFixture(t, name)
		p := f.decode(t)
		add := field.Elem(f.sys.Ext.Base.Modulus())
		words := 0
		var walk func(v reflect.Value)
		try := func(v reflect.Value) {
			words++
			v.SetUint(v.Uint() + uint64(add))
			err := verifier.VerifyBytes(f.sys, f.st, f.format().Encode(nil, p), codec.MaxProofBytes)
			wantCode(t, err, "V004-non-canonical")
			v.SetUint(v.Uint() - uint64(add))
		}
		walk = func(v reflect.Value) {
			switch {
			case v.Type() == reflect.TypeFor[field.E]():
				for i := range f.sys.Ext.D {
					try(v.Index(i))
				}
			case v.Type() == reflect.TypeFor[merkle.Digest]():
				for i := range v.Len() {
					if f.sys.Hash == merkle.Poseidon2 {
						try(v.Index(i))
					}
				}
			case v.Type() == reflect.TypeFor[field.Elem]():
				try(v)
			case v.Kind() == reflect.Struct:
				for i := range v.NumField() {
					walk(v.Field(i))
				}
			case v.Kind() == reflect.Slice:
				for i := range v.Len() {
					walk(v.Index(i))
				}
			case v.Kind() == reflect.Pointer && !v.IsNil():
				walk(v.Elem())
			}
		}
		walk(reflect.ValueOf(p).Elem())
		if words < 200 {
			t.Errorf("%s: only %d words found", name, words)
		}
	}
}

// FuzzVerify: no bytes make the verifier panic or allocate out of proportion, and only the
// proofs themselves are accepted.
func FuzzVerify(f *testing.F) {
	var all []*fixture
	for i, name := range []string{"fib3_p2_d4_small", "fib3_kk_d5_small", "range_p2_d5_small", "local4_p2_d4_small", "mixed_kk_d4_odd"} {
		x := loadFixture(f, name)
		all = append(all, x)
		f.Add(uint8(i), x.bin)
	}
	f.Fuzz(func(t *testing.T, which uint8, b []byte) {
		x := all[int(which)%len(all)]
		err := boundedAlloc(t, fmt.Sprintf("%d bytes", len(b)), len(b), func() error {
			return verifier.VerifyBytes(x.sys, x.st, b, codec.MaxProofBytes)
		})
		if accepted := codeOf(t, err) == ""; accepted != slices.Equal(b, x.bin) {
			t.Errorf("%s: accepted %v: %v", x.name, accepted, err)
		}
	})
}
