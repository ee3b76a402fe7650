package stark_test

import (
	"testing"

	"rpp-node/prover/circuit"
	"rpp-node/prover/device"
	"rpp-node/prover/field"
	"rpp-node/prover/fri"
	"rpp-node/prover/matrix"
	"rpp-node/prover/memory"
	"rpp-node/prover/merkle"
	"rpp-node/prover/shard"
	"rpp-node/prover/stark"
	"rpp-node/prover/system"
)

// TestConsumeGivesBack: traces that are given away are put back whatever becomes of the
// proof, also where it is refused at once and where more than one participant needs them.
func TestConsumeGivesBack(t *testing.T) {
	b, err := circuit.BenchmarkByName("poseidon2")
	if err != nil {
		t.Fatal(err)
	}
	f := field.KoalaBear
	c := b.Build(f)
	s, err := system.New(&c, field.KoalaBear4, merkle.Keccak, fri.Params{LogBlowup: 1, NumQueries: 2, MaxLogArity: 3, CapHeight: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	const logRows = 10
	k := stark.NewKey(s, device.NewCPU(2))
	for name, o := range map[string]struct {
		rows, shards, participants int
		fails                      bool
	}{
		"proof":             {rows: 1 << logRows},
		"two participants":  {rows: 1 << logRows, shards: 1, participants: 2},
		"a row too few":     {rows: 1<<logRows - 1, fails: true},
		"too many shards":   {rows: 1 << logRows, shards: 99, fails: true},
		"shards, one owner": {rows: 1 << logRows, shards: 2, participants: 1},
	} {
		memory.Trim()
		before, _ := memory.Mapped()
		trace := matrix.GetWithin(1<<logRows, 2<<logRows, c.Tables[0].Width)
		if now, _ := memory.Mapped(); now == before {
			t.Fatal("the trace is too small to be a mapping")
		}
		b.Fill(f, []matrix.Matrix{trace}, 1)
		trace.Values = trace.Values[:o.rows*trace.Width]
		plan := shard.DefaultPlan()
		plan.LogShards = o.shards
		_, err := stark.Prove(k, &stark.Witness{Traces: []matrix.Matrix{trace}, Publics: [][]field.Elem{nil}},
			stark.Options{Device: device.NewCPU(2), Plan: plan, Participants: o.participants, Consume: true})
		if (err != nil) != o.fails {
			t.Errorf("%s: %v", name, err)
		}
		memory.Trim()
		if now, _ := memory.Mapped(); now != before {
			t.Errorf("%s: %d bytes are still mapped", name, now-before)
		}
	}
}
