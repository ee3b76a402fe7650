package tape

import (
	"testing"

	"rpp-node/prover/challenger"
	"rpp-node/prover/internal/vectors"
	"rpp-node/prover/merkle"
)

// quiet is a test that counts its failures instead of failing.
type quiet struct {
	testing.TB
	failures int
}

func (q *quiet) Helper()               {}
func (q *quiet) Errorf(string, ...any) { q.failures++ }

// recording is a run of every kind of message, as a recorder would have put it down.
func recording(c Config) (events []Event) {
	t := challenger.New(c.Hash, c.Ext)
	x, f := c.Ext, c.Ext.Base
	t.Observe("", 5)
	events = append(events, Event{Op: "observe", Kind: "f", Values: []uint64{uint64(f.Uint(5))}})
	t.ObserveExt("", x.One())
	one := make([]uint64, x.D)
	one[0] = 1
	events = append(events, Event{Op: "observe", Kind: "ext", Values: one})
	d := merkle.Digest{1, 2, 3}
	t.ObserveCap("", []merkle.Digest{d})
	events = append(events, Event{Op: "observe", Kind: "cap", Values: c.Words(&d)})
	e := t.SampleExt("")
	var words []uint64
	for _, v := range e[:x.D] {
		words = append(words, uint64(f.Uint(v)))
	}
	events = append(events, Event{Op: "sample", Kind: "ext", Values: words})
	events = append(events, Event{Op: "sample_bits", Bits: 7, Value: uint64(t.SampleBits("", 7))})
	return append(events, Event{Op: "pow", Bits: 3, Witness: uint64(f.Uint(t.Grind("", 3, 1)))})
}

// run says what recording says, and reports how often the checker complained.
func run(c Config, events []Event) int {
	q := &quiet{}
	k := Check(q, c, challenger.New(c.Hash, c.Ext), events)
	k.Observe("", 5)
	k.ObserveExt("", c.Ext.One())
	k.ObserveCap("", []merkle.Digest{{1, 2, 3}})
	k.SampleExt("")
	k.SampleBits("", 7)
	k.Grind("", 3, 1)
	k.Done()
	return q.failures
}

// TestCheckerNotices: a recording that differs in any word, kind, length or number of
// bits is noticed, once.
func TestCheckerNotices(t *testing.T) {
	for _, name := range []string{"kb-p2", "bb-p2w16", "kb-keccak", "kb-keccakb", "p2_d5"} {
		c, _ := ByName(t, name)
		if n := run(c, recording(c)); n != 0 {
			t.Fatalf("%s: %d complaints about its own recording", name, n)
		}
		changed := func(what string, change func(e []Event) []Event) {
			t.Helper()
			if n := run(c, change(recording(c))); n != 1 {
				t.Errorf("%s: %s: %d complaints, want 1", name, what, n)
			}
		}
		for i, e := range recording(c) {
			for k := range e.Values {
				changed("word", func(e []Event) []Event { e[i].Values[k] ^= 1; return e })
			}
			if e.Kind != "" {
				changed("kind", func(e []Event) []Event { e[i].Kind += "x"; return e })
			}
			changed("missing", func(e []Event) []Event { return append(e[:i], e[i+1:]...) })
		}
		last := len(recording(c)) - 1
		changed("bits", func(e []Event) []Event { e[last-1].Bits++; return e })
		changed("drawn bits", func(e []Event) []Event { e[last-1].Value ^= 1; return e })
		changed("work", func(e []Event) []Event { e[last].Bits++; return e })
		changed("witness", func(e []Event) []Event { e[last].Witness++; return e })
		changed("more", func(e []Event) []Event { return append(e, e[0]) })
	}
}

// TestDigestForms: words and digests are read as they are written.
func TestDigestForms(t *testing.T) {
	var list []struct {
		Config string
		Cap    [][]uint64 `json:"commitment_cap"`
	}
	vectors.JSON(t, "merkle.json", &list)
	for _, v := range list {
		c, ok := ByName(t, v.Config)
		if !ok {
			continue
		}
		var flat []uint64
		for i, d := range c.Digests(t, v.Cap) {
			if got := c.Words(&d); len(got) != len(v.Cap[i]) || c.Digest(t, got) != d {
				t.Errorf("%s: %v is read as %v", v.Config, v.Cap[i], got)
			}
			flat = append(flat, v.Cap[i]...)
		}
		if got := c.Flat(t, flat); len(got) != len(v.Cap) || got[0] != c.Digest(t, v.Cap[0]) {
			t.Errorf("%s: flat digests are read otherwise", v.Config)
		}
	}
}
