package circuit

import (
	"bytes"
	"errors"
	"regexp"
	"slices"
	"testing"

	"rpp-node/prover/ntt"
)

// Names go into key files and paths.
var nameRule = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

func TestRegistry(t *testing.T) {
	var names []string
	for _, f := range Families() {
		names = append(names, f.Name)
		if !nameRule.MatchString(f.Name) || f.DefaultSize <= 0 || f.SizeUnit == "" {
			t.Errorf("family %+v", f)
		}
		found, err := ByName(f.Name)
		if err != nil || found.Name != f.Name {
			t.Errorf("ByName(%q): %v", f.Name, err)
		}
		if _, err := f.Variant(f.Default); err != nil {
			t.Errorf("%s: default: %v", f.Name, err)
		}
		var variants []string
		for i := range f.Variants {
			v := &f.Variants[i]
			variants = append(variants, v.Name)
			if !nameRule.MatchString(v.Name) || v.Family != f.Name || v.Version == 0 || len(v.Heights) == 0 {
				t.Errorf("%s: variant %+v", f.Name, v)
			}
			if found, err := f.Variant(v.Name); err != nil || found != v {
				t.Errorf("%s.Variant(%q): %v", f.Name, v.Name, err)
			}
			c := v.Circuit()
			if err := c.Validate(); err != nil {
				t.Errorf("%s/%s: %v", f.Name, v.Name, err)
			}
			for _, h := range v.Heights {
				if len(h) != len(c.Tables) {
					t.Errorf("%s/%s: %d heights for %d tables", f.Name, v.Name, len(h), len(c.Tables))
				}
			}
		}
		if unique(variants) != len(variants) {
			t.Errorf("%s: variants %v", f.Name, variants)
		}
	}
	if len(names) == 0 || unique(names) != len(names) {
		t.Errorf("families %v", names)
	}
}

func unique(names []string) int {
	sorted := slices.Clone(names)
	slices.Sort(sorted)
	return len(slices.Compact(sorted))
}

func TestUnknown(t *testing.T) {
	for _, name := range []string{"", "Pruning", "pruning/block-512", "fibonacci"} {
		if _, err := ByName(name); !errors.Is(err, ErrUnknown) {
			t.Errorf("family %q: %v", name, err)
		}
	}
	f := Families()[0]
	for _, name := range []string{"", "block", f.Name} {
		if _, err := f.Variant(name); !errors.Is(err, ErrUnknown) {
			t.Errorf("variant %q: %v", name, err)
		}
	}
}

// A family's default sample is a witness of its default variant, in both forms, with
// traces of heights that the variant allows and that its circuit accepts.
func TestSample(t *testing.T) {
	for _, f := range Families() {
		w, err := f.Sample(f.DefaultSize, 11)
		if err != nil {
			t.Fatal(err)
		}
		if w.Variant() != f.Default || w.Summary() == "" {
			t.Errorf("%s: variant %q, summary %q", f.Name, w.Variant(), w.Summary())
		}
		again, err := f.Sample(f.DefaultSize, 11)
		if err != nil || !bytes.Equal(again.Binary(), w.Binary()) {
			t.Errorf("%s: a second sample differs (%v)", f.Name, err)
		}
		other, err := f.Sample(f.DefaultSize, 12)
		if err != nil || bytes.Equal(other.Binary(), w.Binary()) {
			t.Errorf("%s: the seed does not matter (%v)", f.Name, err)
		}
		for form, b := range map[string][]byte{"JSON": w.JSON(), "JSON after white space": append([]byte("\r\n\t "), w.JSON()...), "binary": w.Binary()} {
			back, err := f.Decode(b)
			if err != nil || !bytes.Equal(back.Binary(), w.Binary()) || !bytes.Equal(back.JSON(), w.JSON()) || len(b) > MaxWitnessBytes {
				t.Errorf("%s, %s: another witness (%v)", f.Name, form, err)
			}
		}
		v, err := f.Variant(w.Variant())
		if err != nil {
			t.Fatal(err)
		}
		traces, publics, err := w.Traces()
		if err != nil {
			t.Fatal(err)
		}
		var heights []int
		for _, trace := range traces {
			heights = append(heights, ntt.Log(trace.Height()))
		}
		if !slices.ContainsFunc(v.Heights, func(h []int) bool { return slices.Equal(h, heights) }) {
			t.Errorf("%s: heights %v are not among %v", f.Name, heights, v.Heights)
		}
		if err := v.Circuit().Check(traces, publics); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		if _, err := f.Sample(1<<30, 1); err == nil {
			t.Errorf("%s: a sample of 2^30 %s", f.Name, f.SizeUnit)
		}
		if _, err := f.Decode(nil); err == nil {
			t.Errorf("%s: a witness of no bytes", f.Name)
		}
	}
}
