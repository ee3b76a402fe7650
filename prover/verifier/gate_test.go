package verifier_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"testing"

	"rpp-node/prover/codec"
	"rpp-node/prover/verifier"
)

// The full gate has at least mutantsMin mutants; scaleVar divides its work.
const (
	mutantsMin = 40_000
	scaleVar   = "SCALE"
	gateVar    = "GATE"
)

// gateFixtures are the proofs that are mutated, each with another valid proof of the same
// encoding to splice it with: both hashes, both extensions, one table and several, lookups
// and preprocessed columns, seeds, caps, a final polynomial of degree 1, a table of one
// row.
var gateFixtures = [][2]string{
	{"fib6_p2_d4_small", "fib6_p2_d4_seeded"},
	{"fib6_kk_d5_seeded", "fib6_kk_d5_small"},
	{"mixed_p2_d5_odd", "mixed_p2_d5_seeded"},
	{"mixed_kk_d4_odd", "mixed_kk_d4_seeded"},
	{"mixed_p2_d4_small", "mixed_p2_d4_seeded"},
	{"mixed_kk_d5_seeded", "mixed_kk_d5_small"},
	{"range_p2_d4_small", "local4_p2_d4_small"},
	{"range_kk_d5_small", "fib3_kk_d5_small"},
}

// tally counts what became of the mutants.
type tally struct {
	mutants, accepted, panics int
	hit                       map[verifier.Code]int
}

func (y *tally) hitShare() int {
	n := 0
	for _, c := range verifier.Codes() {
		if y.hit[c] > 0 {
			n++
		}
	}
	return 100 * n / len(verifier.Codes())
}

// judge verifies one mutant and counts the verdict.
func (y *tally) judge(tb testing.TB, what string, verify func() error) {
	tb.Helper()
	y.mutants++
	defer func() {
		if r := recover(); r != nil {
			y.panics++
			tb.Errorf("%s: panic: %v", what, r)
		}
	}()
	err := verify()
	if err == nil {
		y.accepted++
		tb.Errorf("%s: accepted", what)
		return
	}
	y.hit[codeOf(tb, err)]++
}

// boundedAlloc fails the test if f allocates more than four times its input and 16 MiB.
func boundedAlloc(tb testing.TB, what string, input int, f func() error) error {
	tb.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := f()
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 4*uint64(input)+16<<20 {
		tb.Errorf("%s: %d bytes allocated for an input of %d", what, n, input)
	}
	return err
}

// gateScale is what the number of mutants is divided by.
func gateScale(tb testing.TB) int {
	if os.Getenv(gateVar) != "" {
		n, err := strconv.Atoi(os.Getenv(scaleVar))
		if err != nil || n < 1 {
			tb.Fatalf("%s: %q, want a number of at least 1", scaleVar, os.Getenv(scaleVar))
		}
		return n
	}
	if testing.Short() {
		return 100
	}
	return 10
}

// TestMutants mutates valid proofs: no mutant is accepted, none makes the verifier panic
// or allocate out of proportion, and together with the crafted cases they hit every
// rejection that the verifier knows. `make gate-verifier` runs it at full size.
func TestMutants(t *testing.T) {
	scale := gateScale(t)
	y := &tally{hit: map[verifier.Code]int{}}
	budget := (mutantsMin/scale)/len(gateFixtures) + 1
	for i, names := range gateFixtures {
		f, other := loadFixture(t, names[0]), loadFixture(t, names[1])
		rng := rand.New(rand.NewPCG(uint64(i), 0x6d7574616e7473))
		y.structural(t, f, other, rng, budget/2)
		y.bytes(t, f, other.bin, rng, budget-budget/2)
	}
	if y.mutants < mutantsMin/scale {
		t.Errorf("%d mutants, want at least %d", y.mutants, mutantsMin/scale)
	}
	mutants := y.mutants
	for _, c := range craftedCases() {
		y.judge(t, c.name, func() error { return c.run(t) })
	}
	for _, c := range verifier.Codes() {
		if y.hit[c] == 0 && scale <= 10 { // a hundredth is too few to meet each
			t.Errorf("no mutant was refused with %s", c)
		}
	}
	fmt.Printf("verifier mutants=%d accepted=%d panics=%d errors_hit=%d%%\n", mutants, y.accepted, y.panics, y.hitShare())
}

// structural tries n mutations of the proof as a value: every list and option where n
// allows, numbers and grafts for the rest. Each is verified as a value and as bytes; one
// that encodes as the original is none.
func (y *tally) structural(tb testing.TB, f, other *fixture, rng *rand.Rand, n int) {
	tb.Helper()
	p := f.decode(tb)
	s := newStructure(f.sys.Ext.Base, rng, p)
	pick := func(list []mutation, n int) []mutation {
		list = slices.Clone(list)
		rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		return list[:min(n, len(list))]
	}
	all := pick(s.lists, n/2)
	all = append(all, pick(grafts(p, other.proof), n/8)...)
	all = append(all, pick(s.numbers, len(s.numbers))...)
	for k, done := 0, 0; done < n && k < len(all); k++ {
		undo := all[k]()
		b := f.format().Encode(nil, p)
		if !bytes.Equal(b, f.bin) {
			done++
			what := fmt.Sprintf("%s: structural mutant %d", f.name, k)
			y.judge(tb, what, func() error {
				// A value that no decoder yields is judged by its bytes alone.
				if _, err := f.format().Decode(b, codec.MaxProofBytes); err == nil && verifier.Verify(f.sys, f.st, p) == nil {
					return nil
				}
				return boundedAlloc(tb, what, len(b), func() error {
					return verifier.VerifyBytes(f.sys, f.st, b, codec.MaxProofBytes)
				})
			})
		}
		undo()
	}
}

// bytes tries n mutations of the proof's bytes.
func (y *tally) bytes(tb testing.TB, f *fixture, other []byte, rng *rand.Rand, n int) {
	tb.Helper()
	for k, done := 0, 0; done < n; k++ {
		b := byteMutant(rng, k, f.bin, other)
		if bytes.Equal(b, f.bin) {
			continue
		}
		done++
		what := fmt.Sprintf("%s: byte mutant %d", f.name, k)
		y.judge(tb, what, func() error {
			return boundedAlloc(tb, what, len(b), func() error {
				return verifier.VerifyBytes(f.sys, f.st, b, codec.MaxProofBytes)
			})
		})
	}
}
