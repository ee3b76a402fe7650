package unistark

import (
	"bytes"
	"strings"
	"testing"

	"rpp-node/prover/air"
	"rpp-node/prover/challenger"
	"rpp-node/prover/circuit/bench"
	"rpp-node/prover/field"
	"rpp-node/prover/fri"
	"rpp-node/prover/internal/vectors"
	"rpp-node/prover/internal/vectors/tape"
	"rpp-node/prover/matrix"
)

// proofJSON is a vector: everything that went into a proof, and what was said on the way.
type proofJSON struct {
	Air, Config string
	LogN        int `json:"log_n"`
	Params      paramsJSON
	Publics     []uint64 `json:"public_values"`
	Trace       *struct {
		Width  int
		Values []uint64
	}
	Transcript []tape.Event // the largest have none
	Challenges challenges
}

// mix is a table with a preprocessed column of degree 5: y = x⁵, the next x is y + i² + 1.
func mix(f *field.Field, logN int) air.Table {
	b := air.NewBuilder(f, "mix", 2, 2)
	prep := make([]field.Elem, 1<<logN)
	for i := range prep {
		prep[i] = f.FromUint(uint64(i*i + 1))
	}
	b.SetPreprocessed(1, prep)
	x, y := b.Main(0), b.Main(1)
	b.When(b.First(), func() { b.AssertEqual(x, b.Public(0)) })
	b.AssertEqual(x.Square().Square().Mul(x), y)
	b.When(b.Transition(), func() { b.AssertEqual(y.Add(b.Prep(0)), b.Next(0)) })
	b.When(b.Last(), func() { b.AssertEqual(y, b.Public(1)) })
	b.PrepNext(0) // opened, as upstream opens what a table does not say it leaves alone
	return b.Table()
}

// vector is a proof and what it proves.
type vector struct {
	*statement
	events []tape.Event
	drawn  challenges
	trace  matrix.Matrix
	bin    []byte
}

func load(tb testing.TB, name string) *vector {
	tb.Helper()
	var v proofJSON
	vectors.JSON(tb, "proofs/"+name+".json", &v)
	c, ok := tape.ByName(tb, v.Config)
	if !ok {
		tb.Fatalf("%s: configuration %q is none of ours", name, v.Config)
	}
	f := c.Ext.Base
	var table air.Table
	switch v.Air {
	case "fibonacci":
		table = bench.Fibonacci(f)
	case "poseidon2":
		table = bench.Poseidon2(f, 16, 1)
	case "keccak":
		table = bench.KeccakF(f)
	case "mix":
		table = mix(f, v.LogN)
	default:
		tb.Fatalf("%s: unknown table %q", name, v.Air)
	}
	out := &vector{
		statement: newStatement(c, fri.Params(v.Params), &table, v.LogN, c.Elems(tb, v.Publics)),
		events:    v.Transcript,
		drawn:     v.Challenges,
		bin:       vectors.Bytes(tb, "proofs/"+name+".bin"),
	}
	switch {
	case v.Trace != nil:
		out.trace = matrix.Matrix{Width: v.Trace.Width, Values: c.Elems(tb, v.Trace.Values)}
	case v.Air == "keccak":
		out.trace = bench.KeccakTrace(f, bench.KeccakInputs(1<<v.LogN/24), v.LogN, 1)
	case v.Air == "fibonacci":
		out.trace, _ = bench.FibonacciTrace(f, 0, f.One(), v.LogN)
	case v.Air == "poseidon2":
		out.trace = bench.Poseidon2Trace(f, 16, 1, bench.Poseidon2Inputs(f, 16, 1<<v.LogN), 1)
	default:
		tb.Fatalf("%s: no trace", name)
	}
	return out
}

// checked is a transcript that must follow the vector's, and what is to be called at its
// end.
func (v *vector) checked(tb testing.TB) (challenger.Transcript, func()) {
	r := &recorder{Transcript: v.live(), c: v.c}
	if v.events == nil {
		return r, func() { r.compare(tb, &v.drawn) }
	}
	check := tape.Check(tb, v.c, r, v.events)
	return check, func() {
		check.Done()
		r.compare(tb, &v.drawn)
	}
}

func (v *vector) live() *challenger.Live { return challenger.New(v.c.Hash, v.c.Ext) }

func names(tb testing.TB) (out []string) {
	for _, file := range vectors.Glob(tb, "proofs/*.json") {
		out = append(out, strings.TrimSuffix(strings.TrimPrefix(file, "proofs/"), ".json"))
	}
	return out
}

// TestVerify accepts every upstream proof, with every challenge of the recording, and
// encodes what it decoded to the same bytes.
func TestVerify(t *testing.T) {
	for _, name := range names(t) {
		t.Run(name, func(t *testing.T) {
			v := load(t, name)
			p, err := decode(v.c, v.bin)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(encode(v.c, p), v.bin) {
				t.Error("encoding what was decoded gives other bytes")
			}
			transcript, done := v.checked(t)
			if err := v.verify(transcript, p); err != nil {
				t.Error(err)
			}
			done()
		})
	}
}

// TestProve makes every upstream proof again, byte for byte and word for word.
func TestProve(t *testing.T) {
	for _, name := range names(t) {
		t.Run(name, func(t *testing.T) {
			v := load(t, name)
			transcript, done := v.checked(t)
			got := encode(v.c, v.prove(transcript, v.trace))
			done()
			if !bytes.Equal(got, v.bin) {
				t.Errorf("proof differs from upstream's: %d bytes, want %d", len(got), len(v.bin))
			}
		})
	}
}
