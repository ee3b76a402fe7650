package verifier_test

import (
	"flag"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"rpp-node/prover/challenger"
	"rpp-node/prover/codec"
	"rpp-node/prover/field"
	"rpp-node/prover/merkle"
	"rpp-node/prover/verifier"
)

var update = flag.Bool("update", false, "write the golden transcripts again")

// TestGoldenTranscript compares each message and challenge of two verifications with the
// files of testdata: a change of the protocol shows in review. After a wanted change run
// go test ./prover/verifier -run GoldenTranscript -update.
func TestGoldenTranscript(t *testing.T) {
	for _, name := range []string{"fib6_p2_d4_small", "mixed_kk_d5_odd"} {
		f := loadFixture(t, name)
		var b strings.Builder
		for _, e := range record(t, f, f.proof) {
			b.WriteString(e.String() + "\n")
		}
		file := "testdata/" + name + ".transcript.txt"
		if *update {
			if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if b.String() != string(want) {
			t.Errorf("%s: the transcript has changed:\n%s", file, b.String())
		}
	}
}

// binding says how the transcript holds a part of a proof or of a statement: the label
// under which it is absorbed and the first challenge that depends on it. With each, the
// i-th challenge of that label depends on the i-th message alone or earlier ones (a
// folding round), else the first on all.
type binding struct {
	label, before string
	each          bool
}

// first stands for the first challenge of any label.
const first = ""

// bindings has a row for every field of codec.Proof, by path, from the protocol's
// description and not from the code. Fields without a label carry nothing that a
// challenge depends on: rows and siblings answer the queries, which come last, and the
// commitments hold them.
var bindings = map[string]binding{
	"Main":                 {"main", first, false},
	"Permutation":          {"permutation", "alpha", false},
	"Quotient":             {"quotient", "zeta", false},
	"Instances.MainLocal":  {"opened", "fri-alpha", false},
	"Instances.MainNext":   {"opened", "fri-alpha", false},
	"Instances.PrepLocal":  {"opened", "fri-alpha", false},
	"Instances.PrepNext":   {"opened", "fri-alpha", false},
	"Instances.Quotient":   {"opened", "fri-alpha", false},
	"Instances.PermLocal":  {"opened", "fri-alpha", false},
	"Instances.PermNext":   {"opened", "fri-alpha", false},
	"FRI.Commits":          {"fri-commit", "beta", true},
	"FRI.CommitPoW":        {"commit-pow", "beta", true},
	"FRI.Inputs.Rows":      {},
	"FRI.Inputs.Siblings":  {},
	"FRI.Rounds.LogArity":  {"log-arity", "query", false},
	"FRI.Rounds.Values":    {},
	"FRI.Rounds.Siblings":  {},
	"FRI.FinalPoly":        {"final-poly", "query", false},
	"FRI.QueryPoW":         {"query-pow", "query", false},
	"Terminals":            {"terminal", "alpha", false},
	"DegreeBits":           {"log-height", first, false},
	"(statement) publics":  {"public", first, false},
	"(statement) seed":     {"seed", first, false},
	"(key) preprocessed":   {"preprocessed", first, false},
	"(circuit) width":      {"width", first, false},
	"(circuit) chunks":     {"chunks", first, false},
	"(circuit) tables":     {"tables", first, false},
	"(circuit) prep width": {"preprocessed-width", first, false},
}

// structFields lists the paths of the fields that hold no further struct of the codec.
func structFields(t reflect.Type, path string) []string {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return []string{path}
	}
	var out []string
	for i := range t.NumField() {
		out = append(out, structFields(t.Field(i).Type, strings.TrimPrefix(path+"."+t.Field(i).Name, "."))...)
	}
	return out
}

// words are the numbers in a part of a proof, in order.
func words(v reflect.Value) (out []uint32) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			out = append(out, words(v.Field(i))...)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			out = append(out, words(v.Index(i))...)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			out = words(v.Elem())
		}
	default:
		out = append(out, uint32(v.Uint()))
	}
	return out
}

// TestTapeBindsEveryField checks that the tape of a verification contains every field of
// the proof before the first challenge that depends on it.
func TestTapeBindsEveryField(t *testing.T) {
	fields := structFields(reflect.TypeFor[codec.Proof](), "")
	for _, path := range fields {
		if _, ok := bindings[path]; !ok {
			t.Errorf("codec.Proof.%s has no row in bindings: say which challenge depends on it", path)
		}
	}
	for _, name := range []string{"mixed_p2_d4_odd", "mixed_kk_d5_seeded", "fib6_p2_d5_seeded"} {
		f := loadFixture(t, name)
		tape := record(t, f, f.proof)
		where := func(label string, sample bool) (at []int) {
			for i, e := range tape {
				if e.sample == sample && (e.label == label || label == first) {
					at = append(at, i)
				}
			}
			return at
		}
		for path, b := range bindings {
			if b.label == "" {
				continue
			}
			said, drawn := where(b.label, false), where(b.before, true)
			lookups := b.label == "permutation" || b.label == "terminal" || b.label == "preprocessed"
			if lookups && !f.sys.Circuit.HasLookups() {
				continue
			}
			if len(said) == 0 || len(drawn) == 0 {
				t.Fatalf("%s: %s: %d messages %q, %d challenges %q", name, path, len(said), b.label, len(drawn), b.before)
			}
			for i, at := range said {
				k := 0
				if b.each {
					k = i
				}
				if at > drawn[k] {
					t.Errorf("%s: %s is absorbed at %d, after the challenge %q at %d", name, path, at, b.before, drawn[k])
				}
			}
		}
		// What was absorbed is what the proof says, all of it and in the order of the
		// commitments.
		absorbed := func(label string) (out []uint32) {
			for _, i := range where(label, false) {
				out = append(out, tape[i].words...)
			}
			return out
		}
		fri := &f.proof.FRI
		for label, v := range map[string]any{
			"main": f.proof.Main, "permutation": f.proof.Permutation, "quotient": f.proof.Quotient,
			"fri-commit": fri.Commits, "commit-pow": fri.CommitPoW, "query-pow": fri.QueryPoW,
			"final-poly": fri.FinalPoly, "terminal": f.proof.Terminals, "public": f.st.Publics,
			"seed": f.sys.Seed, "preprocessed": f.sys.PrepCap,
		} {
			if !slices.Equal(absorbed(label), words(reflect.ValueOf(v))) {
				t.Errorf("%s: %q absorbed other values than the proof's", name, label)
			}
		}
		opened := slices.Sorted(slices.Values(absorbed("opened")))
		if !slices.Equal(opened, slices.Sorted(slices.Values(words(reflect.ValueOf(f.proof.Instances))))) {
			t.Errorf("%s: the opened values are not absorbed as they stand in the proof", name)
		}
	}
}

// lenient records challenges whatever a proof of work says, so that a changed proof can
// be followed to its last challenge.
type lenient struct{ tape }

func (l *lenient) CheckWitness(label string, bits int, w field.Elem) bool {
	l.tape.CheckWitness(label, bits, w)
	return true
}

// TestChallengesDependOnFields changes each absorbed field: the challenges before its
// message stay, those from the first dependent one on change.
func TestChallengesDependOnFields(t *testing.T) {
	f := loadFixture(t, "mixed_p2_d4_odd")
	x := f.sys.Ext
	challenges := func(st *verifier.Statement, p *codec.Proof) (out []entry) {
		rec := &lenient{}
		err := verifier.VerifyThrough(f.sys, st, p, func(t challenger.Transcript) challenger.Transcript {
			rec.Transcript = t
			return rec
		})
		if err != nil {
			codeOf(t, err)
		}
		return slices.DeleteFunc(rec.entries, func(e entry) bool { return !e.sample })
	}
	honest := challenges(f.st, f.proof)
	e := func(v *field.E) { v[0] = x.Base.Add(v[0], x.Base.One()) }
	cap := func(d []merkle.Digest) { d[0][3] = uint32(x.Base.Add(field.Elem(d[0][3]), x.Base.One())) }
	last := len(f.proof.FRI.Commits) - 1
	for _, c := range []struct {
		name   string
		before string
		nth    int
		change func(st *verifier.Statement, p *codec.Proof)
	}{
		{"public value", "lookup-alpha", 0, func(st *verifier.Statement, p *codec.Proof) {
			st.Publics[0][0] = x.Base.Add(st.Publics[0][0], x.Base.One())
		}},
		{"main", "lookup-alpha", 0, func(_ *verifier.Statement, p *codec.Proof) { cap(p.Main) }},
		{"permutation", "alpha", 0, func(_ *verifier.Statement, p *codec.Proof) { cap(p.Permutation) }},
		{"terminal", "alpha", 0, func(_ *verifier.Statement, p *codec.Proof) { e(p.Terminals[len(p.Terminals)-1]) }},
		{"quotient", "zeta", 0, func(_ *verifier.Statement, p *codec.Proof) { cap(p.Quotient) }},
		{"opened main", "fri-alpha", 0, func(_ *verifier.Statement, p *codec.Proof) { e(&p.Instances[1].MainLocal[0]) }},
		{"opened main, next", "fri-alpha", 0, func(_ *verifier.Statement, p *codec.Proof) { e(&p.Instances[1].MainNext[0]) }},
		{"opened preprocessed", "fri-alpha", 0, func(_ *verifier.Statement, p *codec.Proof) { e(&p.Instances[2].PrepLocal[0]) }},
		{"opened preprocessed, next", "fri-alpha", 0, func(_ *verifier.Statement, p *codec.Proof) { e(&p.Instances[2].PrepNext[0]) }},
		{"opened quotient", "fri-alpha", 0, func(_ *verifier.Statement, p *codec.Proof) { e(&p.Instances[0].Quotient[0][0]) }},
		{"opened permutation", "fri-alpha", 0, func(_ *verifier.Statement, p *codec.Proof) { e(&p.Instances[0].PermLocal[0]) }},
		{"opened permutation, next", "fri-alpha", 0, func(_ *verifier.Statement, p *codec.Proof) { e(&p.Instances[0].PermNext[0]) }},
		{"first codeword", "beta", 0, func(_ *verifier.Statement, p *codec.Proof) { cap(p.FRI.Commits[0]) }},
		{"last codeword", "beta", last, func(_ *verifier.Statement, p *codec.Proof) { cap(p.FRI.Commits[last]) }},
		{"last folding proof of work", "beta", last, func(_ *verifier.Statement, p *codec.Proof) {
			p.FRI.CommitPoW[last] = x.Base.Add(p.FRI.CommitPoW[last], x.Base.One())
		}},
		{"final polynomial", "query", 0, func(_ *verifier.Statement, p *codec.Proof) { e(&p.FRI.FinalPoly[1]) }},
		{"proof of work", "query", 0, func(_ *verifier.Statement, p *codec.Proof) { p.FRI.QueryPoW = x.Base.Add(p.FRI.QueryPoW, x.Base.One()) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			st := &verifier.Statement{LogHeights: f.st.LogHeights}
			for _, p := range f.st.Publics {
				st.Publics = append(st.Publics, slices.Clone(p))
			}
			p := f.decode(t)
			c.change(st, p)
			got := challenges(st, p)
			if len(got) != len(honest) {
				t.Fatalf("%d challenges, want %d", len(got), len(honest))
			}
			at, n := -1, 0
			for i, h := range honest {
				if h.label == c.before {
					if n == c.nth {
						at = i
						break
					}
					n++
				}
			}
			for i := range honest {
				// Indices are short: two may agree by chance.
				if same := got[i].String() == honest[i].String(); same != (i < at) && honest[i].label != "query" {
					t.Errorf("challenge %d, %s: unchanged %v", i, honest[i].label, same)
				}
			}
			if got, want := got[len(got)-f.sys.FRI.NumQueries:], honest[len(honest)-f.sys.FRI.NumQueries:]; reflect.DeepEqual(got, want) {
				t.Error("the same queries")
			}
		})
	}
}
