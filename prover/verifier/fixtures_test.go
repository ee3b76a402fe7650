package verifier_test

import (
	"errors"
	"path"
	"testing"

	"rpp-node/prover/codec"
	"rpp-node/prover/device"
	"rpp-node/prover/internal/vectors"
	"rpp-node/prover/interop"
	"rpp-node/prover/stark"
	"rpp-node/prover/system"
	"rpp-node/prover/verifier"
)

// fixture is an upstream proof with what it proves.
type fixture struct {
	name  string
	key   *stark.Key
	sys   *system.System
	st    *verifier.Statement
	bin   []byte
	proof *codec.Proof
}

func (f *fixture) format() codec.Format { return codec.Format{Ext: f.sys.Ext, Hash: f.sys.Hash} }

// decode returns a fresh proof that a test may change.
func (f *fixture) decode(tb testing.TB) *codec.Proof {
	tb.Helper()
	p, err := f.format().Decode(f.bin, codec.MaxProofBytes)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func decodeCircuit(tb testing.TB, name string) (*system.System, error) {
	return interop.DecodeCircuit(vectors.Bytes(tb, name), func(file string) ([]byte, error) {
		return vectors.Bytes(tb, path.Join(path.Dir(name), file)), nil
	})
}

// openSystem reads a circuit of batch2 and commits to its preprocessed columns.
func openSystem(tb testing.TB, name string) *stark.Key {
	tb.Helper()
	s, err := decodeCircuit(tb, "batch2/"+name+".circuit.json")
	if err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	return stark.NewKey(s, device.NewCPU(1))
}

// loadFixture reads a vector of batch2 by name; the verifier must accept it.
func loadFixture(tb testing.TB, name string) *fixture {
	tb.Helper()
	f := &fixture{name: name, key: openSystem(tb, name), bin: vectors.Bytes(tb, "batch2/"+name+".bin")}
	f.sys = f.key.Sys
	var index []struct{ Name, Instance string }
	vectors.JSON(tb, "batch2/index.json", &index)
	for _, v := range index {
		if v.Name != name {
			continue
		}
		in, err := interop.DecodeInstance(vectors.Bytes(tb, "batch2/"+v.Instance), f.sys)
		if err != nil {
			tb.Fatal(err)
		}
		f.st = &verifier.Statement{LogHeights: in.LogHeights, Publics: in.Publics}
	}
	if f.st == nil {
		tb.Fatalf("%s is not in the index", name)
	}
	f.proof = f.decode(tb)
	if err := verifier.Verify(f.sys, f.st, f.proof); err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	return f
}

// codeOf is the code of a rejection: empty for an acceptance, and a failure of the test
// for an error without one.
func codeOf(tb testing.TB, err error) verifier.Code {
	tb.Helper()
	if err == nil {
		return ""
	}
	var e *verifier.Error
	if !errors.As(err, &e) {
		tb.Fatalf("a rejection without a code: %v", err)
	}
	return e.Code
}

// wantCode fails the test unless err is a rejection with that code.
func wantCode(tb testing.TB, err error, want verifier.Code) {
	tb.Helper()
	if got := codeOf(tb, err); got != want {
		tb.Errorf("got %q (%v), want %q", got, err, want)
	}
}
