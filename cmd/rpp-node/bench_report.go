package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// comparison is the result of a whole run.
type comparison struct {
	Base  string        `json:"base"` // what the two are called
	New   string        `json:"new"`
	Pairs int           `json:"pairs"`
	Cells []*cellResult `json:"cells"`
}

// cellResult is what both programs did in one cell. A ratio is new through base, of
// medians; the one of the peaks is 0 if a peak is unknown.
type cellResult struct {
	benchCell
	Base        sideResult `json:"base"`
	New         sideResult `json:"new"`
	VerifyRatio float64    `json:"verify_ratio"`
	PeakRatio   float64    `json:"peak_ratio"`
	NoGrind     float64    `json:"no_grind_ratio"` // of prove times less the search for a nonce
	ProveRatio  float64    `json:"prove_ratio"`
}

// sideResult is the runs of one program in one cell, and their medians.
type sideResult struct {
	ProveMS   spread             `json:"prove_ms"`
	NoGrindMS spread             `json:"no_grind_ms"`
	VerifyMS  spread             `json:"verify_ms"`
	PeakBytes spread             `json:"peak_memory_bytes"`
	Order     []string           `json:"stage_order"`
	Stages    map[string]float64 `json:"stages_ms"` // medians
	Runs      []*benchRun        `json:"runs"`
}

// spread is the median of some runs with the smallest and the largest.
type spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// spreadOf needs a run at least.
func spreadOf(runs []*benchRun, of func(*benchRun) float64) spread {
	v := make([]float64, len(runs))
	for i, r := range runs {
		v[i] = of(r)
	}
	slices.Sort(v)
	n := len(v)
	return spread{Median: (v[(n-1)/2] + v[n/2]) / 2, Min: v[0], Max: v[n-1]}
}

func newSideResult(runs []*benchRun) sideResult {
	s := sideResult{
		ProveMS:   spreadOf(runs, func(r *benchRun) float64 { return r.ProveMS }),
		NoGrindMS: spreadOf(runs, func(r *benchRun) float64 { return r.ProveMS - r.GrindMS }),
		VerifyMS:  spreadOf(runs, func(r *benchRun) float64 { return r.VerifyMS }),
		PeakBytes: spreadOf(runs, func(r *benchRun) float64 { return float64(r.PeakBytes) }),
		Order:     runs[0].Order, Stages: map[string]float64{}, Runs: runs,
	}
	for _, stage := range s.Order {
		s.Stages[stage] = spreadOf(runs, func(r *benchRun) float64 { return r.Stages[stage] }).Median
	}
	return s
}

func newCellResult(cell benchCell, base, fresh []*benchRun) *cellResult {
	r := &cellResult{benchCell: cell, Base: newSideResult(base), New: newSideResult(fresh)}
	r.ProveRatio = r.New.ProveMS.Median / r.Base.ProveMS.Median
	r.NoGrind = r.New.NoGrindMS.Median / r.Base.NoGrindMS.Median
	r.VerifyRatio = r.New.VerifyMS.Median / r.Base.VerifyMS.Median
	if r.New.PeakBytes.Min > 0 && r.Base.PeakBytes.Min > 0 {
		r.PeakRatio = r.New.PeakBytes.Median / r.Base.PeakBytes.Median
	}
	return r
}

// line is a cell in one line, which ends in the ratio that matters most.
func (c *comparison) line(r *cellResult) string {
	peak := "-" // unknown
	if r.PeakRatio > 0 {
		peak = fmt.Sprintf("%.3f", r.PeakRatio)
	}
	side := func(name string, s *sideResult) string {
		return fmt.Sprintf("%s prove %.0f ms (%.0f–%.0f), verify %.1f ms, peak %.0f MiB",
			name, s.ProveMS.Median, s.ProveMS.Min, s.ProveMS.Max, s.VerifyMS.Median, s.PeakBytes.Median/(1<<20))
	}
	return fmt.Sprintf("%v: %s; %s: verify_ratio=%.3f peak_ratio=%s no_grind_ratio=%.3f prove_ratio=%.3f",
		r.benchCell, side(c.New, &r.New), side(c.Base, &r.Base), r.VerifyRatio, peak, r.NoGrind, r.ProveRatio)
}

// tables prints where the time of each program goes, a line a cell.
func (c *comparison) tables(w io.Writer) error {
	for _, side := range []struct {
		name string
		of   func(*cellResult) *sideResult
	}{
		{c.New, func(r *cellResult) *sideResult { return &r.New }},
		{c.Base, func(r *cellResult) *sideResult { return &r.Base }},
	} {
		// Every cell of a program has the same stages, but for those that a small one skips.
		var stages []string
		for _, r := range c.Cells {
			for _, s := range side.of(r).Order {
				if !slices.Contains(stages, s) {
					stages = append(stages, s)
				}
			}
		}
		fmt.Fprintf(w, "\nStages of %s, %s, median ms:\n", side.name, side.of(c.Cells[0]).Runs[0].Program)
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintf(t, "cell\tprove\t%s\t\n", strings.Join(stages, "\t"))
		for _, r := range c.Cells {
			s := side.of(r)
			fmt.Fprintf(t, "%v\t%.0f\t", r.benchCell, s.ProveMS.Median)
			for _, stage := range stages {
				fmt.Fprintf(t, "%.0f\t", s.Stages[stage])
			}
			fmt.Fprintln(t)
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	return nil
}
