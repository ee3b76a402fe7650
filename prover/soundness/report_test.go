package soundness

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestReportString(t *testing.T) {
	got := analyse(t, tableParams(t, "production", BitLength), tableShape(18, 1200)).String()
	want := `105.39 bits proven (Johnson, m = 10; bound by batch), 123.00 conjectured (bound by digest)
  regime              bits     m  bound by     ALI    DEEP  commit   query   batch   LogUp  digest
  unique decoding    82.38     -  query     145.03  134.99  132.19   82.38  124.77  129.49  123.00
  Johnson           105.39    10  batch     140.64  130.60  112.81  105.52  105.39  129.49  123.00
  upstream report   101.31    18  batch     139.82  129.79  108.73  108.36  101.31  129.49  123.00
  conjectured       123.00     -  digest    145.03  134.99  132.19  201.08       -  129.49  123.00
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Printed figures never exceed what is attained.
func TestFormatBitsRoundsDown(t *testing.T) {
	for _, c := range []struct {
		bits float64
		want string
	}{{99.999999, "99.99"}, {100, "100.00"}, {123, "123.00"}, {0, "0.00"}, {105.356, "105.35"}} {
		if got := FormatBits(c.bits); got != c.want {
			t.Errorf("%v prints as %s, want %s", c.bits, got, c.want)
		}
	}
}

// A regime that does not exist is printed with dashes, not with infinities.
func TestReportOfATinyTable(t *testing.T) {
	r := analyse(t, tableParams(t, "fast", Exact), Shape{LogHeight: 1, Constraints: 2, Degree: 2, OpeningPoints: 2, Functions: 8})
	if s := r.String(); strings.Contains(s, "Inf") || strings.Contains(s, "NaN") || !strings.HasPrefix(s, "0.00 bits proven") {
		t.Error(s)
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
}

func TestReportJSON(t *testing.T) {
	b, err := json.Marshal(analyse(t, tableParams(t, "production", BitLength), tableShape(18, 1200)))
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]struct {
		Regime  string
		M       int
		Bits    float64
		Binding string
		Terms   map[string]float64
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	p := got["proven"]
	if p.Regime != "Johnson" || p.M != 10 || p.Binding != "batch" || !near(p.Bits, 105.4, 0.06) || len(p.Terms) != 7 {
		t.Errorf("proven: %+v", p)
	}
	if c := got["conjectured"]; c.Bits != 123 || c.Binding != "digest" || len(c.Terms) != 6 {
		t.Errorf("conjectured: %+v", c)
	}
	for _, key := range []string{"unique_decoding", "johnson", "upstream_report"} {
		if got[key].Regime == "" {
			t.Errorf("no %s in %s", key, b)
		}
	}
}
