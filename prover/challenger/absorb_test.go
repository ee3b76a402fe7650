package challenger_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"rpp-node/prover/challenger"
	"rpp-node/prover/field"
	"rpp-node/prover/merkle"
)

var absorbSuites = []merkle.Kind{merkle.Poseidon2, merkle.Poseidon2W16, merkle.Keccak, merkle.KeccakBytes}

// drawn is what a transcript gives after absorbing, as a key of a map.
func drawn(k merkle.Kind, absorb func(t *challenger.Live)) string {
	t := challenger.New(k, field.KoalaBear5)
	absorb(t)
	return fmt.Sprint(t.SampleExt("a"), t.SampleExt("b"))
}

// TestAbsorbBindsLength: a message and the same message with zeros after it give
// different challenges, for every length up to four rates, which crosses every state of
// the buffer.
func TestAbsorbBindsLength(t *testing.T) {
	f := field.KoalaBear
	for _, k := range absorbSuites {
		for n := range 33 {
			message := make([]field.Elem, n)
			for i := range message {
				message[i] = f.FromUint(uint64(5 + 2*i))
			}
			seen := map[string]int{}
			for zeros := range 33 {
				c := drawn(k, func(t *challenger.Live) {
					t.Observe("message", message...)
					t.Observe("zeros", make([]field.Elem, zeros)...)
				})
				if other, ok := seen[c]; ok {
					t.Fatalf("%s: %d elements and %d or %d zeros: the same challenges", k, n, other, zeros)
				}
				seen[c] = zeros
			}
		}
	}
	// Lengths around 256, where a tag of one byte would wrap.
	for _, k := range absorbSuites {
		seen := map[string]int{}
		for n := range 600 {
			c := drawn(k, func(t *challenger.Live) { t.Observe("zeros", make([]field.Elem, n)...) })
			if other, ok := seen[c]; ok {
				t.Fatalf("%s: %d and %d zeros: the same challenges", k, other, n)
			}
			seen[c] = n
		}
	}
}

// TestAbsorbIsInjective: random messages of few values, so that many are close to each
// other, and cut into calls at random, give equal challenges only if they are equal.
// Samples between messages are left out: what is drawn from a squeeze that has been made
// leaves no trace, in upstream's challengers as in ours.
func TestAbsorbIsInjective(t *testing.T) {
	f := field.KoalaBear
	rounds := 4000
	if testing.Short() {
		rounds = 400
	}
	for _, k := range absorbSuites {
		rng := rand.New(rand.NewPCG(uint64(k), 7))
		seen, repeats := map[string]string{}, 0
		for range rounds {
			var said string
			c := drawn(k, func(t *challenger.Live) {
				for range rng.IntN(4) {
					v := make([]field.Elem, rng.IntN(12))
					for i := range v {
						v[i] = f.FromUint(rng.Uint64N(2))
						said += fmt.Sprint(f.Uint(v[i]))
					}
					t.Observe("message", v...)
				}
			})
			other, ok := seen[c]
			if ok && other != said {
				t.Fatalf("%s: %q and %q give the same challenges", k, other, said)
			}
			if ok {
				repeats++
			}
			seen[c] = said
		}
		if repeats == 0 {
			t.Errorf("%s: no message came twice: the test says nothing about equal ones", k)
		}
	}
}

// TestAbsorbKeepsEveryCoordinate: each coefficient of an element and each word of a digest
// decides the challenges.
func TestAbsorbKeepsEveryCoordinate(t *testing.T) {
	f := field.KoalaBear
	for _, k := range absorbSuites {
		seen := map[string]bool{}
		add := func(what string, absorb func(t *challenger.Live)) {
			c := drawn(k, absorb)
			if seen[c] {
				t.Errorf("%s: %s changes nothing", k, what)
			}
			seen[c] = true
		}
		add("nothing", func(t *challenger.Live) { t.ObserveExt("element", field.E{}, field.E{}) })
		for i := range 10 {
			add(fmt.Sprintf("coefficient %d", i), func(t *challenger.Live) {
				var v [2]field.E
				v[i/5][i%5] = f.One()
				t.ObserveExt("element", v[:]...)
			})
		}
		for i := range 16 {
			add(fmt.Sprintf("digest word %d", i), func(t *challenger.Live) {
				var cap [2]merkle.Digest
				cap[i/8][i%8] = uint32(f.One())
				t.ObserveCap("cap", cap[:])
			})
		}
	}
}

// TestQueryIndicesAreUniform draws indices as the low-degree test does: chi-square over
// 64 cells, of which the 99.99th percentile with 63 degrees of freedom is below 116.
func TestQueryIndicesAreUniform(t *testing.T) {
	const bits, draws = 6, 1 << 15
	for _, k := range absorbSuites {
		c := challenger.New(k, field.KoalaBear4)
		c.Observe("seed", field.KoalaBear.FromUint(1))
		var count [1 << bits]int
		for range draws {
			i := c.SampleBits("query", bits)
			if i < 0 || i >= len(count) {
				t.Fatalf("%s: %d has more than %d bits", k, i, bits)
			}
			count[i]++
		}
		const want = float64(draws) / (1 << bits)
		var chi float64
		for _, n := range count {
			chi += (float64(n) - want) * (float64(n) - want) / want
		}
		if chi > 116 {
			t.Errorf("%s: chi-square %.1f over %d cells: %v", k, chi, len(count), count)
		}
	}
}
