package tape

import (
	"fmt"
	"testing"

	"rpp-node/prover/challenger"
	"rpp-node/prover/field"
	"rpp-node/prover/merkle"
)

// Event is one recorded message. Which fields it has depends on Op: observe and sample
// have Kind ("f", "ext" or "cap") and Values; sample_bits has Bits and Value; pow has
// Bits, Witness and OK.
type Event struct {
	Op, Kind string
	Values   []uint64
	Bits     int
	Value    uint64
	Witness  uint64
	OK       *bool
}

// word is one recorded word: recordings put neighbouring base elements into one event,
// or do not.
type word struct {
	op    string
	value uint64
	bits  int
}

func (w word) String() string { return fmt.Sprintf("%s %d (%d bits)", w.op, w.value, w.bits) }

func words(events []Event) (out []word) {
	for _, e := range events {
		switch e.Op {
		case "sample_bits":
			out = append(out, word{e.Op, e.Value, e.Bits})
		case "pow":
			out = append(out, word{e.Op, e.Witness, e.Bits})
		default:
			for _, v := range e.Values {
				out = append(out, word{e.Op + " " + e.Kind, v, 0})
			}
		}
	}
	return out
}

// Checker is a transcript that compares everything said to it, and everything that it
// answers, with a recording. It fails its test at the first difference and goes on
// without comparing.
type Checker struct {
	challenger.Transcript
	tb     testing.TB
	c      Config
	want   []word
	at     int
	failed bool
}

// Check wraps a transcript.
func Check(tb testing.TB, c Config, t challenger.Transcript, events []Event) *Checker {
	return &Checker{Transcript: t, tb: tb, c: c, want: words(events)}
}

// Done fails the test unless the recording has been followed to its end.
func (k *Checker) Done() {
	k.tb.Helper()
	if !k.failed && k.at != len(k.want) {
		k.tb.Errorf("transcript ends after %d of %d recorded words; next: %v", k.at, len(k.want), k.want[k.at])
	}
}

func (k *Checker) is(label string, got word) {
	k.tb.Helper()
	if k.failed {
		return
	}
	if k.at == len(k.want) || got != k.want[k.at] {
		k.failed = true
		want := "the end"
		if k.at < len(k.want) {
			want = k.want[k.at].String()
		}
		k.tb.Errorf("transcript word %d (%s): %v, recorded %v", k.at, label, got, want)
		return
	}
	k.at++
}

func (k *Checker) elem(label, op string, v field.Elem) {
	k.tb.Helper()
	k.is(label, word{op, uint64(k.c.Ext.Base.Uint(v)), 0})
}

// Observe implements challenger.Transcript.
func (k *Checker) Observe(label string, v ...field.Elem) {
	for _, e := range v {
		k.elem(label, "observe f", e)
	}
	k.Transcript.Observe(label, v...)
}

// ObserveExt implements challenger.Transcript.
func (k *Checker) ObserveExt(label string, v ...field.E) {
	for i := range v {
		for _, e := range v[i][:k.c.Ext.D] {
			k.elem(label, "observe ext", e)
		}
	}
	k.Transcript.ObserveExt(label, v...)
}

// ObserveCap implements challenger.Transcript.
func (k *Checker) ObserveCap(label string, cap []merkle.Digest) {
	for i := range cap {
		for _, w := range k.c.Words(&cap[i]) {
			k.is(label, word{"observe cap", w, 0})
		}
	}
	k.Transcript.ObserveCap(label, cap)
}

// SampleExt implements challenger.Transcript.
func (k *Checker) SampleExt(label string) field.E {
	v := k.Transcript.SampleExt(label)
	for _, e := range v[:k.c.Ext.D] {
		k.elem(label, "sample ext", e)
	}
	return v
}

// SampleBits implements challenger.Transcript.
func (k *Checker) SampleBits(label string, n int) int {
	v := k.Transcript.SampleBits(label, n)
	k.is(label, word{"sample_bits", uint64(v), n})
	return v
}

// CheckWitness implements challenger.Transcript.
func (k *Checker) CheckWitness(label string, bits int, w field.Elem) bool {
	k.is(label, word{"pow", uint64(k.c.Ext.Base.Uint(w)), bits})
	return k.Transcript.CheckWitness(label, bits, w)
}

// Grind implements challenger.Transcript.
func (k *Checker) Grind(label string, bits, workers int) field.Elem {
	w := k.Transcript.Grind(label, bits, workers)
	k.is(label, word{"pow", uint64(k.c.Ext.Base.Uint(w)), bits})
	return w
}
