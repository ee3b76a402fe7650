package stark_test

import (
	"bytes"
	"slices"
	"testing"

	"rpp-node/prover/air"
	"rpp-node/prover/challenger"
	"rpp-node/prover/circuit/bench"
	"rpp-node/prover/codec"
	"rpp-node/prover/device"
	"rpp-node/prover/field"
	"rpp-node/prover/fri"
	"rpp-node/prover/internal/vectors"
	"rpp-node/prover/internal/vectors/tape"
	"rpp-node/prover/matrix"
	"rpp-node/prover/shard"
	"rpp-node/prover/stark"
	"rpp-node/prover/system"
	"rpp-node/prover/verifier"
)

// batchJSON is one of the vectors under batch: upstream's own four tables, over either
// field and with three of the suites.
type batchJSON struct {
	Config          string
	DegreeBits      []int      `json:"degree_bits"`
	LookupTerminals [][]uint64 `json:"lookup_terminals"`
	LookupsLayout   [][]struct {
		Column      int
		CountWeight int `json:"count_weight"`
		Kind        string
		Tuples      int
	} `json:"lookups_layout"`
	Params                 friJSON
	PreprocessedCommitment []uint64   `json:"preprocessed_commitment"`
	PublicValues           [][]uint64 `json:"public_values"`
	Traces                 []struct {
		Height, Width int
		Values        []uint64
	}
	Transcript []tape.Event
}

type friJSON struct {
	LogBlowup       int `json:"log_blowup"`
	LogFinalPolyLen int `json:"log_final_poly_len"`
	MaxLogArity     int `json:"max_log_arity"`
	NumQueries      int `json:"num_queries"`
	CommitPoWBits   int `json:"commit_pow_bits"`
	QueryPoWBits    int `json:"query_pow_bits"`
	CapHeight       int `json:"cap_height"`
}

// squares is a table of i, i² and a column that is i again in another order, looked up in
// the first; it asks for its pairs on the bus "sq".
func squares(f *field.Field) air.Table {
	b := air.NewBuilder(f, "squares", 3, 1)
	i, square, again := b.Main(0), b.Main(1), b.Main(2)
	b.When(b.First(), func() { b.AssertEqual(i, b.Public(0)) })
	b.When(b.Transition(), func() { b.AssertEqual(i.AddConst(1), b.Next(0)) })
	b.AssertEqual(i.Square(), square)
	one := b.Const(1)
	b.Local(
		air.LocalTuple{Fields: []air.Expr{i}, Count: one, Weight: 1},
		air.LocalTuple{Fields: []air.Expr{again}, Count: one.Neg(), Weight: 1},
	)
	b.Send("sq", one, 1, i, square)
	return b.Table()
}

// squareTable holds the squares of the preprocessed column 0, 1, 2, …, and how often each
// is asked for.
func squareTable(f *field.Field, logRows int) air.Table {
	b := air.NewBuilder(f, "square-table", 2, 0)
	prep := make([]field.Elem, 1<<logRows)
	for i := range prep {
		prep[i] = f.FromUint(uint64(i))
	}
	b.SetPreprocessed(1, prep)
	key := b.Prep(0)
	b.AssertEqual(key.Square(), b.Main(0))
	b.Provide("sq", b.Main(1), key, b.Main(0))
	// Upstream opens whatever rows a table does not say it leaves alone.
	b.OpenNext()
	b.PrepNext(0)
	return b.Table()
}

// TestUpstreamBatch builds the four tables in code and proves them: transcript, layout,
// terminals, preprocessed commitment and bytes are upstream's, and the verifier accepts.
func TestUpstreamBatch(t *testing.T) {
	for _, name := range vectors.Glob(t, "batch/*.json") {
		t.Run(name, func(t *testing.T) {
			var v batchJSON
			vectors.JSON(t, name, &v)
			c, ok := tape.ByName(t, v.Config)
			if !ok {
				t.Fatal("not one of our fields")
			}
			checkBatch(t, &v, c, vectors.Bytes(t, name[:len(name)-len("json")]+"bin"))
		})
	}
}

func checkBatch(t *testing.T, v *batchJSON, c tape.Config, want []byte) {
	f := c.Ext.Base
	sys, err := system.New(&air.Circuit{Name: "batch", Field: f, Tables: []air.Table{
		bench.Fibonacci(f), squares(f), squares(f), squareTable(f, v.DegreeBits[3]),
	}}, c.Ext, c.Hash, fri.Params(v.Params), nil)
	if err != nil {
		t.Fatal(err)
	}
	checkBatchLayout(t, v, sys)
	w := &stark.Witness{}
	for i, m := range v.Traces {
		w.Traces = append(w.Traces, matrix.Matrix{Width: m.Width, Values: c.Elems(t, m.Values)})
		w.Publics = append(w.Publics, c.Elems(t, v.PublicValues[i]))
	}
	if err := sys.Circuit.Check(w.Traces, w.Publics); err != nil {
		t.Fatal(err)
	}
	key := stark.NewKey(sys, device.NewCPU(1))
	if !slices.Equal(sys.PrepCap, c.Flat(t, v.PreprocessedCommitment)) {
		t.Error("preprocessed commitment differs from upstream's")
	}
	for _, plan := range []shard.Plan{shard.DefaultPlan(), {LogShards: 2}} {
		var checker *tape.Checker
		p, err := stark.Prove(key, w, stark.Options{
			Device: device.NewCPU(2), Plan: plan, Participants: 2,
			Transcript: func(live challenger.Transcript) challenger.Transcript {
				checker = tape.Check(t, c, live, v.Transcript)
				return checker
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		checker.Done()
		for i, terminal := range p.Terminals {
			if (terminal == nil) != (v.LookupTerminals[i] == nil) {
				t.Errorf("table %d: terminal %v, want %v", i, terminal, v.LookupTerminals[i])
			} else if terminal != nil && *terminal != c.E(t, v.LookupTerminals[i]) {
				t.Errorf("table %d: terminal differs from upstream's", i)
			}
		}
		if got := (codec.Format{Ext: c.Ext, Hash: c.Hash}).Encode(nil, p); !bytes.Equal(got, want) {
			t.Errorf("%+v: proof differs from upstream's: %d bytes, want %d; first difference at %d", plan, len(got), len(want), diff(got, want))
		}
	}
	st := &verifier.Statement{LogHeights: v.DegreeBits, Publics: w.Publics}
	if err := verifier.VerifyBytes(sys, st, want, codec.MaxProofBytes); err != nil {
		t.Errorf("upstream's proof: %v", err)
	}
	st.Publics[1][0] = f.Add(st.Publics[1][0], f.One())
	if err := verifier.VerifyBytes(sys, st, want, codec.MaxProofBytes); err == nil {
		t.Error("accepted for another public value")
	}
}

// checkBatchLayout compares the permutation columns with the recorded ones.
func checkBatchLayout(t *testing.T, v *batchJSON, sys *system.System) {
	t.Helper()
	for i, want := range v.LookupsLayout {
		cols := sys.Layout.Tables[i].Columns
		if len(cols) != len(want) {
			t.Errorf("table %d: %d lookup columns, want %d", i, len(cols), len(want))
			continue
		}
		for k, col := range cols {
			weight := 0
			for _, tp := range col.Tuples {
				weight += int(tp.Weight)
			}
			w := want[k]
			global := sys.Layout.BusNames[col.Bus] == "global:sq"
			if w.Column != k || w.Tuples != len(col.Tuples) || w.CountWeight != weight || global != (w.Kind == `Global("sq")`) {
				t.Errorf("table %d column %d: %d tuples of weight %d on %s, want %+v", i, k, len(col.Tuples), weight, sys.Layout.BusNames[col.Bus], w)
			}
		}
	}
}
