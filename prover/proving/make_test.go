package proving

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/zeebo/blake3"

	"rpp-node/prover/air"
	"rpp-node/prover/circuit"
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
	"rpp-node/prover/memory"
	"rpp-node/prover/soundness"
	"rpp-node/prover/spec"
	"rpp-node/prover/stark"
)

// The same spec gives the same file, however it is made, and stages are told in order.
func TestMakeIsDeterministic(t *testing.T) {
	f := fix(t)
	o := options()
	o.Plan.LogShards = 1
	var stages []stark.Stage
	o.Begin = func(s stark.Stage) { stages = append(stages, s) }
	m, err := Make(&f.keys, f.spec, f.witness, o)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(m.File.Encode(), f.file) {
		t.Error("two shards made another file than one")
	}
	if len(stages) < 5 || stages[0] != stark.StagePrepare || stages[len(stages)-1] != stark.StageDone {
		t.Errorf("stages %v", stages)
	}
	p, err := Prepare(f.spec.Family, f.witness)
	if err != nil {
		t.Fatal(err)
	}
	if m, err = p.Prove(&f.keys, chain, options()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(m.File.Encode(), f.file) {
		t.Error("Prove made another file than Make")
	}
}

func TestMakeRefuses(t *testing.T) {
	f := fix(t)
	i := f.first()
	larger, err := family().Sample(300, 1)
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(f.witness)
	damaged = damaged[:len(damaged)-1]
	named := func(w []byte) func(*spec.Spec) { return func(s *spec.Spec) { s.Witness = blake3.Sum256(w) } }
	invalid := func(broken bool) func(error) bool {
		return func(err error) bool {
			var w *InvalidWitness
			return errors.As(err, &w) && w.Broken == broken
		}
	}
	is := func(want error) func(error) bool { return func(err error) bool { return errors.Is(err, want) } }
	for name, c := range map[string]struct {
		change  func(*spec.Spec)
		witness []byte
		want    func(error) bool
	}{
		"another witness":         {func(*spec.Spec) {}, damaged, is(ErrDigest)},
		"unreadable witness":      {named(damaged), damaged, invalid(false)},
		"witness of a variant":    {named(larger.Binary()), larger.Binary(), invalid(false)},
		"another statement":       {func(s *spec.Spec) { s.Publics[i][0] = field.KoalaBear.Add(s.Publics[i][0], 1) }, f.witness, invalid(false)},
		"another key":             {func(s *spec.Spec) { s.Fingerprint[0] ^= 1 }, f.witness, is(ErrKey)},
		"another profile":         {func(s *spec.Spec) { s.Profile = "bench" }, f.witness, is(ErrSpec)},
		"public values missing":   {func(s *spec.Spec) { s.Publics[i] = s.Publics[i][1:] }, f.witness, is(ErrSpec)},
		"tables missing":          {func(s *spec.Spec) { s.Publics = s.Publics[1:] }, f.witness, is(ErrSpec)},
		"family that is not ours": {func(s *spec.Spec) { s.Family = "state" }, f.witness, is(ErrSpec)},
	} {
		_, err := Make(&f.keys, f.with(c.change), c.witness, options())
		if !c.want(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// liar breaks a constraint.
type liar struct{ circuit.Witness }

func (l liar) Traces() ([]matrix.Matrix, [][]field.Elem, error) {
	traces, publics, err := l.Witness.Traces()
	if err == nil {
		for i := range traces[0].Values {
			traces[0].Values[i] = field.KoalaBear.Add(traces[0].Values[i], field.KoalaBear.One())
		}
	}
	return traces, publics, err
}

func TestBrokenConstraint(t *testing.T) {
	f := fix(t)
	p, err := Prepare(f.spec.Family, f.witness)
	if err != nil {
		t.Fatal(err)
	}
	p.Witness = liar{p.Witness}
	_, err = p.Prove(&f.keys, chain, options())
	var w *InvalidWitness
	if !errors.As(err, &w) || !w.Broken || !errors.Is(err, air.ErrWitness) {
		t.Errorf("%v, want a broken constraint", err)
	}
}

func TestPrepareRefuses(t *testing.T) {
	if _, err := Prepare("state", nil); !errors.Is(err, circuit.ErrUnknown) {
		t.Errorf("unknown family: %v", err)
	}
	var w *InvalidWitness
	if _, err := Prepare("pruning", make([]byte, circuit.MaxWitnessBytes+1)); !errors.As(err, &w) {
		t.Errorf("too large: %v", err)
	}
}

func TestFloor(t *testing.T) {
	f := fix(t)
	o := options()
	o.Floor = soundness.DefaultFloor
	o.Checked = func(soundness.Report) { t.Error("told of bits that are too few") }
	var below *soundness.BelowFloorError
	if _, err := Make(&f.keys, f.spec, f.witness, o); !errors.As(err, &below) {
		t.Errorf("%v, want below the floor", err)
	}
}

func TestMemoryLimit(t *testing.T) {
	f := fix(t)
	var p Predictor
	cost, err := p.Cost(f.spec, cpu.Workers())
	if err != nil {
		t.Fatal(err)
	}
	o := options()
	o.MemoryLimit = cost.PeakBytes - 1<<20
	var m *MemoryError
	if _, err := Make(&f.keys, f.spec, f.witness, o); !errors.As(err, &m) || m.Need != cost.PeakBytes {
		t.Errorf("%v, want that %d bytes do not fit", err, cost.PeakBytes)
	}
	before, _ := memory.Mapped()
	o.MemoryLimit = cost.PeakBytes + 1<<20
	made, err := Make(&f.keys, f.spec, f.witness, o)
	if err != nil {
		t.Fatal(err)
	}
	if made.Cells != cost.Cells {
		t.Errorf("%d cells, predicted %d", made.Cells, cost.Cells)
	}
	memory.Trim()
	if after, _ := memory.Mapped(); after > before {
		t.Errorf("%d bytes are still mapped, %d were before", after, before)
	}
}

func TestPredictor(t *testing.T) {
	f := fix(t)
	var p Predictor
	for _, c := range []struct {
		name   string
		change func(*spec.Spec)
	}{
		{"family", func(s *spec.Spec) { s.Family = "state" }},
		{"variant", func(s *spec.Spec) { s.Variant = "block-3" }},
		{"profile", func(s *spec.Spec) { s.Profile = "none" }},
		{"hash", func(s *spec.Spec) { s.Hash = "md5" }},
	} {
		if _, err := p.Cost(f.with(c.change), 1); !errors.Is(err, circuit.ErrUnknown) {
			t.Errorf("%s: %v, want ErrUnknown", c.name, err)
		}
	}
	if len(p.known) != 0 {
		t.Errorf("%d unknown names are kept", len(p.known))
	}
	small, err := p.Cost(f.spec, 1)
	if err != nil {
		t.Fatal(err)
	}
	large, err := p.Cost(f.with(func(s *spec.Spec) { s.Variant = "block-512"; s.Profile = "production" }), 1)
	if err != nil {
		t.Fatal(err)
	}
	if large.Cells <= small.Cells || large.PeakBytes <= small.PeakBytes || small.Bits >= soundness.DefaultFloor || large.Bits < soundness.DefaultFloor {
		t.Errorf("costs %+v and %+v", small, large)
	}
	var fromKey int64
	for _, h := range f.keys.VK.Heights {
		fromKey = max(fromKey, f.keys.PK.Footprint(h, 1, true, false).Peak)
	}
	if small.PeakBytes != fromKey {
		t.Errorf("%d bytes without a key, %d with it", small.PeakBytes, fromKey)
	}
}

// A spec made from a witness is the one that its proof is judged by.
func TestSpecOfWitness(t *testing.T) {
	f := fix(t)
	p, err := Prepare("pruning", f.witness)
	if err != nil {
		t.Fatal(err)
	}
	fromJSON, err := Prepare("pruning", p.Witness.JSON())
	if err != nil {
		t.Fatal(err)
	}
	s, w, err := fromJSON.Spec(f.keys.VK, chain)
	if err != nil {
		t.Fatal(err)
	}
	if s.ID() != f.spec.ID() || !slices.Equal(w, f.witness) {
		t.Error("the two forms of a witness give two specs")
	}
	if _, _, err := p.Spec(otherKey(t, "range-4x16", "fast"), chain); !errors.Is(err, ErrKey) {
		t.Errorf("a key of another variant: %v", err)
	}
}
