package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// benchCompareCmd runs two programs in turns and reports their ratios.
type benchCompareCmd struct {
	benchCells
	Base     string   `help:"Build of rpp-node to compare with." placeholder:"PATH"`
	Upstream string   `help:"Plonky3's example prove_prime_field_31 to compare with, instead of --base." placeholder:"PATH"`
	New      string   `help:"Build of rpp-node that is compared; this one by default." placeholder:"PATH"`
	DFT      []string `name:"dft" help:"Transforms of upstream's example: radix-2-dit-parallel, small-batch-dft or recursive-dft." default:"radix-2-dit-parallel"`
	Pairs    int      `help:"Runs of each program in each cell; medians count." default:"5"`
	JSON     bool     `help:"Print the result as JSON, every run in it."`
}

func (c *benchCompareCmd) Help() string {
	return `Every run is a process of its own. Two programs take turns (A B, B A, A B, …), so that a machine that gets slower or faster slows or speeds both. The ratio is new through base, of medians: below 1, new is faster or smaller.

With --upstream both prove the same table with the same parameters: ours as a single-table batch proof from a trace in memory, upstream's as its uni-stark proof. Prove time is without trace generation and without keys, verify time without decoding, peak memory that of the whole process. GOMAXPROCS and RAYON_NUM_THREADS are the cell's threads.

Examples:
  rpp-node bench compare --base ./rpp-node.old --circuit poseidon2 --log-rows 14 --threads 1
  rpp-node bench compare --upstream ./prove_prime_field_31 --tree keccak --pairs 3 --json`
}

// maxPairs keeps a slip of the finger from running for a week.
const maxPairs = 100

// contenders are the two programs, base first, and the cells that they meet in.
func (c *benchCompareCmd) contenders() (pair [2]contender, cells []benchCell, err error) {
	if (c.Base == "") == (c.Upstream == "") {
		return pair, nil, usageError{errors.New("want one of --base and --upstream")}
	}
	if c.Pairs < 1 || c.Pairs > maxPairs {
		return pair, nil, usageError{fmt.Errorf("--pairs: %d, want 1 to %d", c.Pairs, maxPairs)}
	}
	fresh := c.New
	if fresh == "" {
		if fresh, err = os.Executable(); err != nil {
			return pair, nil, err
		}
	}
	if fresh, err = program("--new", fresh); err != nil {
		return pair, nil, err
	}
	if c.Upstream == "" {
		base, err := program("--base", c.Base)
		if err != nil {
			return pair, nil, err
		}
		cells, err = c.list(nil)
		return [2]contender{ourBuild("base", base, true), ourBuild("new", fresh, true)}, cells, err
	}
	base, err := program("--upstream", c.Upstream)
	if err != nil {
		return pair, nil, err
	}
	if cells, err = c.list(c.DFT); err != nil {
		return pair, nil, err
	}
	return [2]contender{upstreamExample("upstream", base), ourBuild("ours", fresh, false)}, cells, checkUpstream(cells)
}

func (c *benchCompareCmd) Run(e *env) error {
	pair, cells, err := c.contenders()
	if err != nil {
		return err
	}
	report := comparison{Base: pair[0].name, New: pair[1].name, Pairs: c.Pairs}
	for _, cell := range cells {
		r, err := compareCell(e.err, pair, cell, c.Pairs)
		if err != nil {
			return err
		}
		report.Cells = append(report.Cells, r)
		if !c.JSON {
			fmt.Fprintln(e.out, report.line(r))
		}
	}
	if c.JSON {
		return writeJSON(e.out, &report)
	}
	return report.tables(e.out)
}

// compareCell runs both programs in turns.
func compareCell(progress io.Writer, pair [2]contender, cell benchCell, pairs int) (*cellResult, error) {
	var runs [2][]*benchRun
	for i := range pairs {
		for turn := range pair {
			side := turn ^ i&1 // A B, B A, A B, …
			r, err := pair[side].run(cell)
			if err != nil {
				return nil, err
			}
			runs[side] = append(runs[side], r)
			// Cores in use: well below the threads, somebody else had the machine.
			fmt.Fprintf(progress, "%v: pair %d of %d: %s prove %.0f ms, verify %.1f ms, peak %d MiB, %.2f cores in use\n",
				cell, i+1, pairs, pair[side].name, r.ProveMS, r.VerifyMS, r.PeakBytes>>20, r.CPUSeconds/r.Seconds)
		}
	}
	return newCellResult(cell, runs[0], runs[1]), nil
}
