package soundness

import (
	"bufio"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"rpp-node/prover/field"
)

// tableShape is the circuit of testdata/bits.tsv.
func tableShape(logHeight, functions int) Shape {
	return Shape{
		LogHeight:     logHeight,
		Constraints:   1000,
		Degree:        3,
		OpeningPoints: 2,
		Functions:     functions,
		Interactions:  7 << logHeight,
		MessageWidth:  24,
	}
}

func tableParams(t *testing.T, profile string, c Convention) Params {
	t.Helper()
	pr, err := ProfileByName(profile)
	if err != nil {
		t.Fatal(err)
	}
	p := pr.Params(field.KoalaBear.Modulus())
	p.ExtensionBits = ExtensionBits(field.KoalaBear.Modulus(), pr.Degree, c)
	return p
}

func analyse(t *testing.T, p Params, s Shape) Report {
	t.Helper()
	r, err := Analyse(p, s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// goldenRow is a line of the table, with figures as printed.
type goldenRow struct {
	name       string
	convention Convention
	profile    string
	shape      Shape

	conjectured, upstream, unique, proven goldenBound
	terms                                 [6]float64
}

type goldenBound struct {
	bits    float64
	m       int
	binding string
}

func readGolden(t *testing.T) []goldenRow {
	t.Helper()
	f, err := os.Open("testdata/bits.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var rows []goldenRow
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		if strings.HasPrefix(sc.Text(), "#") || strings.HasPrefix(sc.Text(), "field\t") {
			continue
		}
		c := strings.Split(sc.Text(), "\t")
		if len(c) != 20 {
			t.Fatalf("%d columns in %q", len(c), sc.Text())
		}
		num := func(i int) float64 {
			v, err := strconv.ParseFloat(c[i], 64)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		row := goldenRow{
			name:        strings.Join(c[:4], "/"),
			convention:  map[string]Convention{"bitlength": BitLength, "whole": WholeBits}[c[0]],
			profile:     c[2],
			shape:       tableShape(int(num(3)), int(num(1))),
			conjectured: goldenBound{num(4), 0, c[5]},
			upstream:    goldenBound{num(6), int(num(7)), c[8]},
			unique:      goldenBound{num(9), 0, c[10]},
			proven:      goldenBound{num(11), int(num(12)), c[13]},
		}
		for i := range row.terms {
			row.terms[i] = num(14 + i)
		}
		rows = append(rows, row)
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}

// samePrinted: equal to the last printed digit.
func samePrinted(got, want float64) bool { return math.Abs(got-want) <= 0.05+1e-9 }

func (g goldenBound) compare(t *testing.T, column string, got Bound) {
	t.Helper()
	binding := got.Binding().Source.String()
	if g.binding == "ldt" && (binding == "commit" || binding == "query") {
		binding = "ldt"
	}
	if !samePrinted(got.Bits(), g.bits) || got.M != g.m || binding != g.binding {
		t.Errorf("%s: %.3f bits, m = %d, bound by %s; the table has %.1f, %d, %s",
			column, got.Bits(), got.M, binding, g.bits, g.m, g.binding)
	}
}

// TestTable reproduces every figure of upstream's crate: four profiles, three heights,
// two counts of functions, two conventions for the field's size.
func TestTable(t *testing.T) {
	rows := readGolden(t)
	if len(rows) != 48 {
		t.Fatalf("%d rows, want 48", len(rows))
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			r := analyse(t, tableParams(t, row.profile, row.convention), row.shape)
			row.conjectured.compare(t, "conjectured", r.Conjectured)
			row.upstream.compare(t, "upstream report", r.UpstreamReport)
			row.unique.compare(t, "unique decoding", r.UniqueDecoding)
			row.proven.compare(t, "proven", r.Proven())
			for i, s := range []Source{ALI, DEEP, Commit, Query, Batch, LogUp} {
				if got, ok := r.Johnson.Term(s); !ok || !samePrinted(got, row.terms[i]) {
					t.Errorf("%s: %.3f bits, the table has %.1f", s, got, row.terms[i])
				}
			}
		})
	}
}

// The exact size of the field lies just below its bit length, and so do the bits.
func TestExactFieldSizeCloseToTable(t *testing.T) {
	for _, row := range readGolden(t) {
		if row.convention != BitLength {
			continue
		}
		upstream := analyse(t, tableParams(t, row.profile, BitLength), row.shape)
		exact := analyse(t, tableParams(t, row.profile, Exact), row.shape)
		for i, b := range exact.bounds()[:2] {
			if d := upstream.bounds()[i].bound.Bits() - b.bound.Bits(); d < 0 || d > 0.06 {
				t.Errorf("%s: %s: exact arithmetic gives %.3f bits less", row.name, b.name, d)
			}
		}
	}
}

// Figures that the crate gives away from the profiles.
func TestOtherFigures(t *testing.T) {
	quartic := tableParams(t, "fast", BitLength)
	quartic.NumQueries = MaxNumQueries // the algebraic terms alone
	r := analyse(t, quartic, tableShape(18, 1200))
	if !near(r.Johnson.Bits(), 85, 0.5) || r.Johnson.M != 3 || r.Johnson.Binding().Source != Batch {
		t.Errorf("Johnson without the queries: %.2f, m = %d; want 85, 3", r.Johnson.Bits(), r.Johnson.M)
	}
	if !near(r.UniqueDecoding.Bits(), 95, 0.5) || r.UniqueDecoding.Binding().Source != Batch {
		t.Errorf("unique decoding without the queries: %.2f, want 95", r.UniqueDecoding.Bits())
	}

	for _, c := range []struct {
		queries, logHeight, functions int
		want                          float64
	}{
		{92, 22, 1200, 102.8},
		{92, 20, 4800, 102.8},
		{96, 20, 1200, 105.8},
		{100, 20, 1200, 106.8},
		{110, 20, 1200, 109.5},
	} {
		p := tableParams(t, "production", Exact)
		p.NumQueries = c.queries
		got := analyse(t, p, tableShape(c.logHeight, c.functions)).Proven().Bits()
		if !near(got, c.want, 0.1) {
			t.Errorf("%d queries, 2^%d rows, %d functions: %.3f bits, want %.1f",
				c.queries, c.logHeight, c.functions, got, c.want)
		}
	}
}

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance }
