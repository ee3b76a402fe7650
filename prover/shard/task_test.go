package shard_test

import (
	"errors"
	"path"
	"reflect"
	"testing"

	"rpp-node/prover/device"
	"rpp-node/prover/field"
	"rpp-node/prover/internal/vectors"
	"rpp-node/prover/interop"
	"rpp-node/prover/shard"
	"rpp-node/prover/stark"
	"rpp-node/prover/system"
)

func TestPlan(t *testing.T) {
	for _, p := range []shard.Plan{{LogShards: -1}, {LogShards: shard.MaxLogShards + 1}, {LogCrown: -1}, {LogGather: -1}} {
		if err := p.Validate(); !errors.Is(err, shard.ErrPlan) {
			t.Errorf("%+v: %v", p, err)
		}
	}
	if err := shard.DefaultPlan().Validate(); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		plan shard.Plan
		cap  int
		want int
	}{{shard.Plan{LogShards: 3}, 0, 3}, {shard.Plan{LogShards: 3}, 5, 5}, {shard.Plan{LogShards: 1, LogCrown: 12}, 2, 12}} {
		if got := c.plan.CrownLog(c.cap); got != c.want {
			t.Errorf("%+v, cap %d: crown of 2^%d, want 2^%d", c.plan, c.cap, got, c.want)
		}
	}
}

// TestTasksArePure runs every task that a shard has up to the openings on two participants:
// one that does all shards in order, one that does a single shard and has to make
// everything else again. Their results must be the same, and so must a second run.
func TestTasksArePure(t *testing.T) {
	const circuit = "batch2/mixed_p2_d5_odd.circuit.json"
	s, err := interop.DecodeCircuit(vectors.Bytes(t, circuit), func(name string) ([]byte, error) {
		return vectors.Bytes(t, path.Join(path.Dir(circuit), name)), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	in, err := interop.DecodeInstance(vectors.Bytes(t, "batch2/instances/mixed2.instance.json"), s)
	if err != nil {
		t.Fatal(err)
	}
	k := stark.NewKey(s, device.NewCPU(1))
	x := s.Ext
	element := func(seed uint64) (e field.E) {
		for i := range x.D {
			e[i] = x.Base.FromUint(seed*1000003 + uint64(i)*7919)
		}
		return e
	}
	ch := &shard.Challenges{
		Lookups: s.Layout.NewChallenges(x, element(1), element(2)),
		Alpha:   element(3),
		Zeta:    element(4),
	}
	for logShards := range 4 {
		job := shard.NewJob(s, k.Prep, k.Programs, in.LogHeights, in.Publics, shard.Plan{LogShards: logShards})
		participant := func(workers int) *shard.Participant {
			p := shard.NewParticipant(job, in.Traces, device.NewCPU(workers), shard.Part{Alone: workers > 1})
			if err := p.SetChallenges(ch); err != nil {
				t.Fatal(err)
			}
			return p
		}
		all := participant(2)
		for j := range 1 << logShards {
			alone := participant(1)
			for _, task := range []shard.Task{
				{Kind: shard.Evaluate, Shard: j},
				{Kind: shard.Commit, Shard: j, Round: system.Main},
				{Kind: shard.Commit, Shard: j, Round: system.Permutation},
				{Kind: shard.Open, Shard: j},
			} {
				var results []shard.Result
				for _, p := range []*shard.Participant{all, alone, all} {
					r, err := p.Run(&task)
					if err != nil {
						t.Fatal(err)
					}
					results = append(results, r)
				}
				if !reflect.DeepEqual(results[0], results[1]) || !reflect.DeepEqual(results[0], results[2]) {
					t.Errorf("2^%d shards: %s of shard %d differs", logShards, task.Kind, j)
				}
				if task.Kind == shard.Commit && len(results[0].Digests) == 0 {
					t.Errorf("2^%d shards: shard %d commits to nothing", logShards, j)
				}
			}
		}
	}
	if _, err := shard.NewParticipant(shard.NewJob(s, k.Prep, k.Programs, in.LogHeights, in.Publics, shard.Plan{}), in.Traces, device.NewCPU(1), shard.Part{}).Run(&shard.Task{Kind: 99}); err == nil {
		t.Error("an unknown task ran")
	}
}
