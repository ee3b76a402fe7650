package main

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"strings"
	"syscall"
	"testing"
)

var sampleCell = benchCell{Circuit: "poseidon2", LogRows: 15, Tree: "keccak", Threads: 2, Field: "koalabear", DFT: upstreamDFTs[0]}

func runsOf(proves ...float64) (runs []*benchRun) {
	for i, p := range proves {
		runs = append(runs, &benchRun{
			ProveMS: p, GrindMS: 1, VerifyMS: 10 * p, PeakBytes: int64(p) << 20, Order: []string{"trace", "open"},
			Stages: map[string]float64{"trace": p - 2, "open": float64(i)}, Program: "test",
		})
	}
	return runs
}

func TestCellResult(t *testing.T) {
	r := newCellResult(sampleCell, runsOf(9, 2, 7, 4), runsOf(5, 3, 1))
	if want := (spread{5.5, 2, 9}); r.Base.ProveMS != want { // between the two in the middle
		t.Errorf("base %+v, want %+v", r.Base.ProveMS, want)
	}
	if want := (spread{3, 1, 5}); r.New.ProveMS != want {
		t.Errorf("new %+v, want %+v", r.New.ProveMS, want)
	}
	for name, v := range map[string][2]float64{
		"prove": {r.ProveRatio, 3 / 5.5}, "no grind": {r.NoGrind, 2 / 4.5}, "verify": {r.VerifyRatio, 3 / 5.5}, "peak": {r.PeakRatio, 3 / 5.5},
		"stage": {r.New.Stages["trace"], 1}, "base's stage": {r.Base.Stages["open"], 1.5},
	} {
		if math.Abs(v[0]-v[1]) > 1e-12 {
			t.Errorf("%s: %v, want %v", name, v[0], v[1])
		}
	}
}

func TestReportText(t *testing.T) {
	unknown := runsOf(1, 3, 5)
	unknown[1].PeakBytes = 0
	unknown[1].Order = append(unknown[1].Order, "never read: the first run tells")
	c := comparison{Base: "upstream", New: "ours", Cells: []*cellResult{
		newCellResult(sampleCell, runsOf(9, 2, 7, 4), runsOf(5, 3, 1)), newCellResult(sampleCell, runsOf(4), unknown),
	}}
	c.Cells[1].DFT = upstreamDFTs[1]
	for i, want := range []string{
		"poseidon2 2^15 tree=keccak threads=2: ours prove 3 ms (1–5), verify 30.0 ms, peak 3 MiB; upstream prove 6 ms (2–9), verify 55.0 ms, peak 6 MiB: " +
			"verify_ratio=0.545 peak_ratio=0.545 no_grind_ratio=0.444 prove_ratio=0.545",
		"poseidon2 2^15 tree=keccak threads=2 dft=small-batch-dft: ours prove 3 ms (1–5), verify 30.0 ms, peak 1 MiB; upstream prove 4 ms (4–4), verify 40.0 ms, peak 4 MiB: " +
			"verify_ratio=0.750 peak_ratio=- no_grind_ratio=0.667 prove_ratio=0.750",
	} {
		if got := c.line(c.Cells[i]); got != want {
			t.Errorf("line\n%s\nwant\n%s", got, want)
		}
	}
	var b strings.Builder
	if err := c.tables(&b); err != nil {
		t.Fatal(err)
	}
	const want = `
Stages of ours, test, median ms:
                                                     cell  prove  trace  open
                     poseidon2 2^15 tree=keccak threads=2      3      1     1
  poseidon2 2^15 tree=keccak threads=2 dft=small-batch-dft      3      1     1

Stages of upstream, test, median ms:
                                                     cell  prove  trace  open
                     poseidon2 2^15 tree=keccak threads=2      6      4     2
  poseidon2 2^15 tree=keccak threads=2 dft=small-batch-dft      4      2     0
`
	if got := b.String(); strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(want), " ") {
		t.Errorf("tables\n%s\nwant\n%s", got, want)
	}
}

// Whoever starts a small program after having been large must not give it the peak.
func TestChildPeak(t *testing.T) {
	const large, medium = 512 << 20, 192 << 20
	b, err := syscall.Mmap(-1, 0, large, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(b); i += os.Getpagesize() {
		b[i] = 1
	}
	if err := syscall.Munmap(b); err != nil {
		t.Fatal(err)
	}
	if _, peak := usage(); peak < large {
		t.Fatalf("the peak is %d bytes after %d were touched", peak, large)
	}
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Skipf("no peak can be reset here: %v", err)
	}
	child := func(path string, args ...string) int64 {
		t.Helper()
		c := contender{
			name: "child", path: path,
			command: func(benchCell) (_, _ []string) { return args, nil },
			read:    func(benchCell, []byte) (*benchRun, error) { return &benchRun{}, nil },
		}
		r, err := c.run(benchCell{})
		if err != nil {
			t.Fatal(err)
		}
		return r.PeakBytes
	}
	if peak := child("/bin/true"); peak != 0 {
		t.Errorf("a program smaller than this one has a peak of %d bytes, want 0 for unknown", peak)
	}
	if peak := child("/bin/dd", "if=/dev/zero", "of=/dev/null", "bs=192M", "count=1", "status=none"); peak < medium || peak > medium+32<<20 {
		t.Errorf("a program of %d bytes has a peak of %d", medium, peak)
	}
}

func TestCells(t *testing.T) {
	usual := benchCells{Circuit: []string{"poseidon2", "keccak-f"}, Tree: []string{"poseidon2", "keccak"}, Threads: []int{1, 2}, Field: "koalabear"}
	cells, err := usual.list(upstreamDFTs[:1])
	if err != nil || len(cells) != 16 {
		t.Fatalf("%d cells, %v, want 16", len(cells), err)
	}
	for i, want := range map[int]string{
		0: "poseidon2 2^15 tree=poseidon2 threads=1", 7: "poseidon2 2^17 tree=keccak threads=2",
		8: "keccak-f 2^14 tree=poseidon2 threads=1", 15: "keccak-f 2^16 tree=keccak threads=2",
	} {
		if got := cells[i].String(); got != want {
			t.Errorf("cell %d is %s, want %s", i, got, want)
		}
	}
	if err := checkUpstream(cells); err != nil {
		t.Error(err)
	}
}

func TestProgram(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]fs.FileMode{"run": 0o755, "data": 0o644} {
		if err := os.WriteFile(dir+"/"+name, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := program("--base", dir+"/../"+dir[strings.LastIndex(dir, "/")+1:]+"/run"); err != nil || got != dir+"/run" {
		t.Errorf("%q, %v", got, err)
	}
	for name, missing := range map[string]bool{"none": true, "data": false, ".": false} {
		_, err := program("--base", dir+"/"+name)
		if _, exit := classify(err); exit != exitUsage || errors.Is(err, fs.ErrNotExist) != missing {
			t.Errorf("%s: %v", name, err)
		}
	}
}
