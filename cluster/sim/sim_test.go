package sim

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const (
	// seedsFull is how many seeds the full gate runs; SCALE divides it.
	seedsFull = 10_000
	corpus    = "testdata/corpus.txt"
)

var (
	seedFlag  = flag.Uint64("sim.seed", 0, "the seed that TestSeed runs; with -v it is traced")
	fromFlag  = flag.Uint64("sim.from", 0, "the first seed that TestSeeds runs")
	countFlag = flag.Uint64("sim.count", 0, "how many it runs, if not as many as usual")
)

// TestSeed repeats one run.
func TestSeed(t *testing.T) {
	var trace io.Writer
	if testing.Verbose() {
		trace = os.Stdout
	}
	o := Run(*seedFlag, Seams{}, trace)
	t.Logf("seed %d: %s, %d events in %v", *seedFlag, &o, o.Events, o.Simulated)
	for _, v := range o.Violations {
		t.Error(v)
	}
}

func TestSameSeedSameRun(t *testing.T) {
	for seed := range uint64(5) {
		var a, b bytes.Buffer
		first, second := Run(seed, Seams{}, &a), Run(seed, Seams{}, &b)
		if first.Hash != second.Hash || !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Errorf("seed %d: two runs differ", seed)
		}
		if other := Run(seed+1, Seams{}, nil); other.Hash == first.Hash {
			t.Errorf("seeds %d and %d are the same run", seed, seed+1)
		}
	}
}

// TestCorpus runs the seeds that have failed once.
func TestCorpus(t *testing.T) {
	f, err := os.Open(corpus)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		word, _, _ := strings.Cut(lines.Text(), " ")
		if word == "" || word == "#" {
			continue
		}
		seed, err := strconv.ParseUint(word, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if o := Run(seed, Seams{}, nil); len(o.Violations) > 0 {
			t.Errorf("seed %d: %s", seed, o.Violations[0])
		}
	}
}

// sum adds outcomes up.
type sum struct {
	mu     sync.Mutex
	total  Outcome
	failed map[uint64]Outcome
}

func (s *sum) add(seed uint64, o Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &s.total
	t.Faults += o.Faults
	t.Lost += o.Lost
	t.Duplicated += o.Duplicated
	t.Unverified += o.Unverified
	t.Stuck += o.Stuck
	t.Diverged += o.Diverged
	for i, n := range o.Hits {
		t.Hits[i] += n
	}
	if len(o.Violations) > 0 {
		s.failed[seed] = o
	}
}

// runSeeds runs n seeds on all cores.
func runSeeds(from, n uint64) *sum {
	s := &sum{failed: map[uint64]Outcome{}}
	var wg sync.WaitGroup
	cores := uint64(runtime.GOMAXPROCS(0))
	for core := range cores {
		wg.Go(func() {
			for seed := from + core; seed < from+n; seed += cores {
				s.add(seed, Run(seed, Seams{}, nil))
			}
		})
	}
	wg.Wait()
	return s
}

// gateSeeds is how many seeds to run.
func gateSeeds(t *testing.T) uint64 {
	switch {
	case *countFlag != 0:
		return *countFlag
	case os.Getenv("GATE") != "":
		scale, err := strconv.ParseUint(os.Getenv("SCALE"), 10, 32)
		if err != nil || scale < 1 {
			t.Fatalf("SCALE: %q, want a number of at least 1", os.Getenv("SCALE"))
		}
		return max(seedsFull/scale, 1)
	case testing.Short():
		return 25
	}
	return 300
}

// TestSeeds runs clusters from seeds: nothing is lost, released twice or without having been
// verified, nothing gets stuck, no two voters differ, and every fault and path of hits.go is
// met. `make gate-sim` runs it at full size.
func TestSeeds(t *testing.T) {
	n := gateSeeds(t)
	s := runSeeds(*fromFlag, n)
	for _, seed := range sortedKeys(s.failed) {
		o := s.failed[seed]
		t.Errorf("seed %d: %s\n%s\nrepeat: go test ./cluster/sim -run '^TestSeed$' -v -args -sim.seed=%d",
			seed, &o, strings.Join(o.Violations, "\n"), seed)
		keep(t, seed, o.Violations[0])
	}
	for h, times := range s.total.Hits {
		if times == 0 && n >= seedsFull/10 { // fewer are too few to meet each
			t.Errorf("%s: none in %d seeds", hit(h), n)
		}
	}
	t.Logf("%d seeds met: %s", n, met(s.total.Hits))
	fmt.Printf("sim seeds=%d faults=%d lost=%d duplicated=%d unverified=%d stuck=%d diverged=%d\n",
		n, s.total.Faults, s.total.Lost, s.total.Duplicated, s.total.Unverified, s.total.Stuck, s.total.Diverged)
}

// met lists what was injected and met.
func met(hits [hitsCount]int) string {
	var list []string
	for h, times := range hits {
		list = append(list, fmt.Sprintf("%d %s", times, hit(h)))
	}
	return strings.Join(list, ", ")
}

// keep adds a seed to the corpus.
func keep(t *testing.T, seed uint64, why string) {
	f, err := os.OpenFile(corpus, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o666)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	if _, err := fmt.Fprintf(f, "%d %s\n", seed, why); err != nil {
		t.Error(err)
	}
}
