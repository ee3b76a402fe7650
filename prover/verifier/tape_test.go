package verifier_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"rpp-node/prover/challenger"
	"rpp-node/prover/codec"
	"rpp-node/prover/field"
	"rpp-node/prover/merkle"
	"rpp-node/prover/verifier"
)

// entry is one call on a transcript.
type entry struct {
	label  string
	sample bool
	length int      // elements, digests or bits
	words  []uint32 // what was absorbed or drawn
}

// String is the entry as a golden file shows it.
func (e entry) String() string {
	kind := "observe"
	if e.sample {
		kind = "sample"
	}
	h := sha256.New()
	for _, w := range e.words {
		h.Write(binary.LittleEndian.AppendUint32(nil, w))
	}
	return fmt.Sprintf("%-7s %-18s %4d %x", kind, e.label, e.length, h.Sum(nil)[:8])
}

// tape records a transcript.
type tape struct {
	challenger.Transcript
	entries []entry
}

func (t *tape) put(label string, sample bool, length int, words ...uint32) {
	t.entries = append(t.entries, entry{label, sample, length, words})
}

func extWords(v []field.E) (w []uint32) {
	for _, e := range v {
		for _, c := range e {
			w = append(w, uint32(c))
		}
	}
	return w
}

func (t *tape) Observe(label string, v ...field.Elem) {
	words := make([]uint32, len(v))
	for i, c := range v {
		words[i] = uint32(c)
	}
	t.put(label, false, len(v), words...)
	t.Transcript.Observe(label, v...)
}

func (t *tape) ObserveExt(label string, v ...field.E) {
	t.put(label, false, len(v), extWords(v)...)
	t.Transcript.ObserveExt(label, v...)
}

func (t *tape) ObserveCap(label string, cap []merkle.Digest) {
	var words []uint32
	for _, d := range cap {
		words = append(words, d[:]...)
	}
	t.put(label, false, len(cap), words...)
	t.Transcript.ObserveCap(label, cap)
}

func (t *tape) SampleExt(label string) field.E {
	v := t.Transcript.SampleExt(label)
	t.put(label, true, 1, extWords([]field.E{v})...)
	return v
}

func (t *tape) SampleBits(label string, n int) int {
	v := t.Transcript.SampleBits(label, n)
	t.put(label, true, n, uint32(v))
	return v
}

func (t *tape) CheckWitness(label string, bits int, w field.Elem) bool {
	t.put(label, false, bits, uint32(w))
	return t.Transcript.CheckWitness(label, bits, w)
}

func (t *tape) Grind(label string, bits, workers int) field.Elem {
	w := t.Transcript.Grind(label, bits, workers)
	t.put(label, false, bits, uint32(w))
	return w
}

// record verifies a proof and returns the tape of its transcript.
func record(tb testing.TB, f *fixture, p *codec.Proof) []entry {
	tb.Helper()
	rec := &tape{}
	err := verifier.VerifyThrough(f.sys, f.st, p, func(t challenger.Transcript) challenger.Transcript {
		rec.Transcript = t
		return rec
	})
	if err != nil {
		tb.Fatal(err)
	}
	return rec.entries
}

// frozen replays the challenges of a tape whatever is observed, with what a test wants
// otherwise: what a prover would like a transcript to be.
type frozen struct {
	challenger.Transcript
	samples  []entry
	override map[string]field.E
}

func freeze(tape []entry) *frozen {
	return &frozen{
		samples:  slices.DeleteFunc(slices.Clone(tape), func(e entry) bool { return !e.sample }),
		override: map[string]field.E{},
	}
}

// wrap is for VerifyThrough.
func (z *frozen) wrap(t challenger.Transcript) challenger.Transcript {
	c := *z
	c.Transcript = t
	return &c
}

func (z *frozen) next(label string) []uint32 {
	e := z.samples[0]
	if e.label != label {
		panic(fmt.Sprintf("%s drawn where the tape has %s", label, e.label))
	}
	z.samples = z.samples[1:]
	return e.words
}

func (z *frozen) SampleExt(label string) (v field.E) {
	for i, w := range z.next(label) {
		v[i] = field.Elem(w)
	}
	if o, ok := z.override[label]; ok {
		return o
	}
	return v
}

func (z *frozen) SampleBits(label string, _ int) int { return int(z.next(label)[0]) }

func (z *frozen) CheckWitness(string, int, field.Elem) bool { return true }
