package soundness

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
)

// roundDown cuts bits to hundredths, so that no printed claim exceeds what is attained.
func roundDown(bits float64) float64 { return math.Floor(bits*100) / 100 }

// FormatBits prints bits with two decimals, rounded down.
func FormatBits(bits float64) string { return fmt.Sprintf("%.2f", roundDown(bits)) }

type namedBound struct {
	name, key string
	bound     Bound
}

func (r Report) bounds() []namedBound {
	return []namedBound{
		{"unique decoding", "unique_decoding", r.UniqueDecoding},
		{"Johnson", "johnson", r.Johnson},
		{"upstream report", "upstream_report", r.UpstreamReport},
		{"conjectured", "conjectured", r.Conjectured},
	}
}

// Lines are the report for people: the claim, then a table of regimes with all terms. A
// dash stands for a term that does not exist. The layout is stable.
func (r Report) Lines() []string {
	p := r.Proven()
	lines := []string{
		fmt.Sprintf("%s bits proven (%s; bound by %s), %s conjectured (bound by %s)",
			FormatBits(p.Bits()), p.Name(), p.Binding().Source,
			FormatBits(r.Conjectured.Bits()), r.Conjectured.Binding().Source),
	}
	row := fmt.Sprintf("  %-16s %7s %5s  %-8s", "regime", "bits", "m", "bound by")
	for s := range sourceCount {
		row += fmt.Sprintf(" %7s", s)
	}
	lines = append(lines, row)
	for _, n := range r.bounds() {
		m := "-"
		if n.bound.M > 0 {
			m = fmt.Sprint(n.bound.M)
		}
		row = fmt.Sprintf("  %-16s %7s %5s  %-8s", n.name, FormatBits(n.bound.Bits()), m, n.bound.Binding().Source)
		for s := range sourceCount {
			cell := "-"
			if bits, ok := n.bound.Term(s); ok {
				cell = FormatBits(bits)
			}
			row += fmt.Sprintf(" %7s", cell)
		}
		lines = append(lines, row)
	}
	return lines
}

// String is Lines, each ended by a newline.
func (r Report) String() string { return strings.Join(r.Lines(), "\n") + "\n" }

// MarshalJSON gives the same figures under the names of the regimes, and under "proven"
// the bound that the floor is compared with.
func (r Report) MarshalJSON() ([]byte, error) {
	out := map[string]Bound{"proven": r.Proven()}
	for _, n := range r.bounds() {
		out[n.key] = n.bound
	}
	return json.Marshal(out)
}

// MarshalJSON writes the bits rounded down to hundredths, and only the terms that exist.
func (b Bound) MarshalJSON() ([]byte, error) {
	terms := make(map[string]float64, sourceCount)
	for _, t := range b.Terms() {
		terms[t.Source.String()] = roundDown(t.Bits)
	}
	return json.Marshal(struct {
		Regime  string             `json:"regime"`
		M       int                `json:"m,omitempty"`
		Bits    float64            `json:"bits"`
		Binding string             `json:"binding"`
		Terms   map[string]float64 `json:"terms"`
	}{b.Regime.String(), b.M, roundDown(b.Bits()), b.Binding().Source.String(), terms})
}
