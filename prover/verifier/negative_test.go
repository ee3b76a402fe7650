package verifier_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"rpp-node/prover/codec"
	"rpp-node/prover/internal/vectors"
	"rpp-node/prover/interop"
	"rpp-node/prover/system"
	"rpp-node/prover/verifier"
)

// upstreamClass gives, for a part of upstream's message, the codes with which we may
// refuse the same bytes. A flipped bit can break several things at once; both sides agree
// on the first that they look at, except that upstream opens the rounds' trees during the
// queries and reads lookup balance and shapes elsewhere.
var upstreamClass = []struct {
	message string
	codes   []verifier.Code
}{
	{"FAIL decode", []verifier.Code{"V002-truncated", "V003-trailing", "V004-non-canonical", "V005-hiding"}},
	{"InvalidPowWitness", []verifier.Code{"V036-proof-of-work"}},
	{"InputError(CapMismatch)", []verifier.Code{"V044-cap-mismatch"}},
	{"CommitPhaseMmcsError(CapMismatch)", []verifier.Code{"V044-cap-mismatch", "V039-final-poly"}},
	{"FinalPolyMismatch", []verifier.Code{"V039-final-poly", "V044-cap-mismatch"}},
	{"OodEvaluationMismatch", []verifier.Code{"V051-constraints"}},
	{"TerminalSumNonZero", []verifier.Code{"V052-balance"}},
	{"InconsistentDuplicateOpenings", []verifier.Code{"V042-inconsistent-rows"}},
	{"InconsistentGroupOpening", []verifier.Code{"V042-inconsistent-rows"}},
}

// TestUpstreamNegatives refuses every bad proof among upstream's vectors: flipped bytes
// and proofs made from bad witnesses. Where the reason has a counterpart, ours must be it.
func TestUpstreamNegatives(t *testing.T) {
	var list []struct {
		Kind, Base, Upstream     string
		Offset                   int
		Xor                      byte
		Circuit, Instance, Proof string
	}
	vectors.JSON(t, "batch2/negative/negative.json", &list)
	if len(list) == 0 {
		t.Fatal("no negative vectors")
	}
	bases := map[string]*fixture{}
	for i, v := range list {
		t.Run(fmt.Sprintf("%03d-%s-%s", i, v.Kind, v.Base), func(t *testing.T) {
			var err error
			switch v.Kind {
			case "flip":
				f := bases[v.Base]
				if f == nil {
					f = loadFixture(t, v.Base)
					bases[v.Base] = f
				}
				b := slices.Clone(f.bin)
				b[v.Offset] ^= v.Xor
				err = verifier.VerifyBytes(f.sys, f.st, b, codec.MaxProofBytes)
			case "bad-witness":
				s := openSystem(t, strings.TrimSuffix(v.Circuit, ".circuit.json")).Sys
				in, derr := interop.DecodeInstance(vectors.Bytes(t, "batch2/"+v.Instance), s)
				if derr != nil {
					t.Fatal(derr)
				}
				st := &verifier.Statement{LogHeights: in.LogHeights, Publics: in.Publics}
				err = verifier.VerifyBytes(s, st, vectors.Bytes(t, "batch2/"+v.Proof), codec.MaxProofBytes)
			default:
				t.Fatalf("unknown kind %q", v.Kind)
			}
			if err == nil {
				t.Fatalf("accepted; upstream: %s", v.Upstream)
			}
			got := codeOf(t, err)
			for _, c := range upstreamClass {
				if strings.Contains(v.Upstream, c.message) {
					if !slices.Contains(c.codes, got) {
						t.Errorf("%v; upstream: %s", err, v.Upstream)
					}
					return
				}
			}
			t.Errorf("%v: upstream's %q has no counterpart in the table", err, v.Upstream)
		})
	}
}

// TestQuotientAboveBlowup refuses the circuit that upstream proves with more quotient
// chunks than the blow-up holds. Proving and verifying both start from this decoder, so
// that neither can begin.
func TestQuotientAboveBlowup(t *testing.T) {
	s, err := decodeCircuit(t, "batch2/qgtb_p2_d4_small.circuit.json")
	if !errors.Is(err, system.ErrQuotientDegree) || s != nil {
		t.Fatalf("got %v, want %v", err, system.ErrQuotientDegree)
	}
}
