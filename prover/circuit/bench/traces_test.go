package bench

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"rpp-node/prover/air"
	"rpp-node/prover/field"
	"rpp-node/prover/internal/vectors"
	"rpp-node/prover/keccak"
	"rpp-node/prover/matrix"
	"rpp-node/prover/poseidon2"
)

func fibonacciFrom(f *field.Field, a, b uint64, logRows int) (matrix.Matrix, []field.Elem) {
	return FibonacciTrace(f, f.FromUint(a), f.FromUint(b), logRows)
}

func poseidon2Sample(f *field.Field, perRow, logRows, workers int) matrix.Matrix {
	return Poseidon2Trace(f, 16, perRow, Poseidon2Inputs(f, 16, perRow<<logRows), workers)
}

// The generators reproduce upstream's traces cell by cell, whatever the number of
// workers, and Check accepts them under upstream's constraints as under ours.
func TestTracesAreUpstreams(t *testing.T) {
	f := field.KoalaBear
	generate := map[string]func(logRows, workers int) (matrix.Matrix, []field.Elem){
		"fib3":  func(n, _ int) (matrix.Matrix, []field.Elem) { return fibonacciFrom(f, 0, 1, n) },
		"fib6":  func(n, _ int) (matrix.Matrix, []field.Elem) { return fibonacciFrom(f, 0, 1, n) },
		"fib10": func(n, _ int) (matrix.Matrix, []field.Elem) { return fibonacciFrom(f, 0, 1, n) },
		"p2_2":  func(n, w int) (matrix.Matrix, []field.Elem) { return poseidon2Sample(f, 1, n, w), nil },
		"p2v3":  func(n, w int) (matrix.Matrix, []field.Elem) { return poseidon2Sample(f, Poseidon2PerRow, n, w), nil },
		"keccakf5": func(n, w int) (matrix.Matrix, []field.Elem) {
			return KeccakTrace(f, KeccakInputs(1), n, w), nil
		},
	}
	for _, u := range upstreamTables {
		t.Run(u.file, func(t *testing.T) {
			table := readTable(t, f, u.file)
			want := readInstance(t, f, u.file, table.Width)
			for _, workers := range []int{0, 1, 2, 3, 100} {
				got, publics := generate[u.file](want.logRows, workers)
				if d := firstDifference(f, got, want.trace); d != "" {
					t.Fatalf("%d workers: %s", workers, d)
				}
				if !slices.Equal(publics, want.publics) {
					t.Fatalf("public values %v, want %v", publics, want.publics)
				}
			}
			for _, tb := range []air.Table{table, u.table(f)} {
				if err := check(f, tb, want.trace, want.publics); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// The older vectors give traces of both fields.
func TestTracesOfProofVectors(t *testing.T) {
	seen := 0
	for _, name := range vectors.Glob(t, "proofs/*.json") {
		v := readProof(t, name)
		if v.Trace == nil || v.benchmark(t).Width == 0 {
			continue
		}
		seen++
		f := v.ext(t).Base
		want := matrix.Matrix{Width: v.Trace.Width, Values: elems(t, f, v.Trace.Values)}
		var got matrix.Matrix
		var publics []field.Elem
		switch v.Air {
		case "fibonacci":
			got, publics = fibonacciFrom(f, 0, 1, v.LogN)
		case "poseidon2":
			got = poseidon2Sample(f, 1, v.LogN, 2)
		}
		if d := firstDifference(f, got, want); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if !slices.Equal(publics, elems(t, f, v.PublicValues)) {
			t.Errorf("%s: public values %v, want %v", name, publics, v.PublicValues)
		}
	}
	if seen < 10 {
		t.Fatalf("only %d traces", seen)
	}
}

func check(f *field.Field, table air.Table, trace matrix.Matrix, publics []field.Elem) error {
	c := air.Circuit{Field: f, Tables: []air.Table{table}}
	if err := c.Validate(); err != nil {
		return err
	}
	return c.Check([]matrix.Matrix{trace}, [][]field.Elem{publics})
}

// mustReject demands that Check refuse the trace, for a constraint on one of rows.
func mustReject(t *testing.T, what string, err error, rows ...int) {
	t.Helper()
	var c *air.ConstraintError
	if !errors.As(err, &c) {
		t.Fatalf("%s: %v, want a constraint error", what, err)
	}
	if !slices.Contains(rows, c.Row) {
		t.Fatalf("%s: refused on row %d, want one of %v", what, c.Row, rows)
	}
}

func TestFibonacciRejects(t *testing.T) {
	for _, f := range []*field.Field{field.KoalaBear, field.BabyBear} {
		table := Fibonacci(f)
		m, publics := fibonacciFrom(f, 3, 5, 4)
		if err := check(f, table, m, publics); err != nil {
			t.Fatal(err)
		}
		for i := range m.Values {
			bad := matrix.Matrix{Width: m.Width, Values: slices.Clone(m.Values)}
			bad.Values[i] = f.Add(bad.Values[i], f.One())
			mustReject(t, "cell", check(f, table, bad, publics), i/2-1, i/2)
		}
		for i, row := range []int{0, 0, 15} {
			bad := slices.Clone(publics)
			bad[i] = f.Add(bad[i], f.One())
			mustReject(t, "public value", check(f, table, m, bad), row)
		}
	}
}

// Every column of a Poseidon2 row is bound to the row's others.
func TestPoseidon2Rejects(t *testing.T) {
	for _, f := range []*field.Field{field.KoalaBear, field.BabyBear} {
		table := Poseidon2(f, 16, 2)
		m := poseidon2Sample(f, 2, 1, 1)
		if err := check(f, table, m, nil); err != nil {
			t.Fatal(err)
		}
		for c := range m.Width {
			bad := matrix.Matrix{Width: m.Width, Values: slices.Clone(m.Values)}
			bad.Values[m.Width+c] = f.Add(bad.Values[m.Width+c], f.One())
			mustReject(t, "cell", check(f, table, bad, nil), 1)
		}
	}
}

// Columns of every group, in a row in the middle of a permutation; and in the last round
// the export flag, which may be 1 there and nowhere else.
func TestKeccakRejects(t *testing.T) {
	f := field.KoalaBear
	table := KeccakF(f)
	m := KeccakTrace(f, KeccakInputs(1), 5, 1)
	at := []int{colStep + 5, colStep + 9, colExport, colPreimage, colA - 1, colA, colC, colCPrime, colAPrime,
		colAPrime2, colFirstBits, colFirstIota, KeccakWidth - 1}
	if !testing.Short() {
		rng := rand.New(rand.NewPCG(1, 2))
		for range 20 {
			at = append(at, rng.IntN(KeccakWidth))
		}
	}
	try := func(row, col int) error {
		bad := matrix.Matrix{Width: m.Width, Values: slices.Clone(m.Values)}
		cell := &bad.Values[row*m.Width+col]
		*cell = f.Sub(f.One(), *cell) // a bit stays a bit
		return check(f, table, bad, nil)
	}
	for _, c := range at {
		mustReject(t, "cell", try(5, c), 4, 5)
	}
	if err := try(23, colExport); err != nil {
		t.Errorf("export in the last round: %v", err)
	}
	mustReject(t, "export", try(22, colExport), 22)
}

// The columns that stand for the output hold what the permutation computes, in blocks of
// every length.
func TestPermutationOutput(t *testing.T) {
	for _, f := range []*field.Field{field.KoalaBear, field.BabyBear} {
		for _, w := range []int{16, 24} {
			p, perm := NewPermutation(f, w), poseidon2.New(f, w)
			for _, rows := range []int{1, programBlock - 1, 2*programBlock + 9} {
				m := matrix.New(rows, p.Width()+2)
				in := Poseidon2Inputs(f, w, rows)
				for r := range rows {
					copy(m.Row(r)[1:], in[r*w:(r+1)*w])
				}
				p.Fill(m, 1)
				for r := range rows {
					row, want := m.Row(r), in[r*w:(r+1)*w]
					if !slices.Equal(row[1:1+w], want) {
						t.Fatalf("%s width %d: Fill wrote over the input", f.Name(), w)
					}
					perm.Permute(want)
					if got := row[1+p.Width()-w : 1+p.Width()]; !slices.Equal(got, want) {
						t.Fatalf("%s width %d row %d of %d: columns do not end in the permutation's output", f.Name(), w, r, rows)
					}
					if row[0] != 0 || row[p.Width()+1] != 0 {
						t.Fatalf("%s width %d: Fill wrote outside its columns", f.Name(), w)
					}
				}
			}
		}
	}
}

// A permutation may stand anywhere in a table; its input and output expressions are the
// columns that Fill reads and writes.
func TestPermutationInsideTable(t *testing.T) {
	f := field.KoalaBear
	p := NewPermutation(f, 16)
	b := air.NewBuilder(f, "host", 3+p.Width()+2, 0)
	in, out := p.Constrain(b, 3)
	b.AssertEqual(b.Main(0), in[5])
	b.AssertEqual(b.Main(3+p.Width()), out[7])
	m := matrix.New(2, 3+p.Width()+2)
	for r := range 2 {
		row := m.Row(r)
		row[3+5] = f.FromUint(uint64(40 + r))
		row[0] = row[3+5]
	}
	p.Fill(m, 3)
	for r := range 2 {
		row := m.Row(r)
		row[3+p.Width()] = row[3+p.Width()-16+7]
	}
	if err := check(f, b.Table(), m, nil); err != nil {
		t.Fatal(err)
	}
	m.Row(1)[3+p.Width()]++
	mustReject(t, "output", check(f, b.Table(), m, nil), 1)
}

// Rows 23, 47 … of a trace hold the permutations' outputs, padding's included; a cut
// last permutation satisfies the constraints.
func TestKeccakOutputs(t *testing.T) {
	for _, f := range []*field.Field{field.KoalaBear, field.BabyBear} {
		inputs := KeccakInputs(2)
		m := KeccakTrace(f, inputs, 7, 2)
		if err := check(f, KeccakF(f), m, nil); err != nil {
			t.Fatal(err)
		}
		for i := range 128 / keccak.Rounds {
			var want KeccakState
			if i < len(inputs) {
				want = inputs[i]
			}
			keccak.Permute(&want)
			row := m.Row((i+1)*keccak.Rounds - 1)
			for lane := range want {
				at := colAPrime2 + lane*laneLimbs
				if lane == 0 {
					at = colFirstIota
				}
				var got uint64
				for limb := range laneLimbs {
					got |= uint64(f.Uint(row[at+limb])) << (limb * limbBits)
				}
				if got != want[lane] {
					t.Fatalf("%s: permutation %d lane %d: %x, want %x", f.Name(), i, lane, got, want[lane])
				}
			}
		}
	}
}

func TestInputsMustFit(t *testing.T) {
	f := field.KoalaBear
	for name, call := range map[string]func(){
		"two keccak permutations in 32 rows": func() { KeccakTrace(f, KeccakInputs(2), 5, 1) },
		"three poseidon2 rows":               func() { Poseidon2Trace(f, 16, 2, Poseidon2Inputs(f, 16, 6), 1) },
		"half a poseidon2 row":               func() { Poseidon2Trace(f, 16, 2, Poseidon2Inputs(f, 16, 3), 1) },
		"no poseidon2 row":                   func() { Poseidon2Trace(f, 16, 2, nil, 1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: accepted", name)
				}
			}()
			call()
		}()
	}
}
