package clustertest

import (
	"flag"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

var (
	seeds = flag.Int("seeds", 4, "how many seeds TestBubble runs")
	seed  = flag.Uint64("seed", 0, "the first of them")
)

// entriesConfig is a cluster of voters that commit small commands.
func entriesConfig(seed uint64) Config {
	rng := rand.New(rand.NewPCG(seed, 5))
	return Config{
		Seed: seed, Voters: 3 + 2*(rng.IntN(8)/7), Anchors: 24,
		DelayMin: time.Millisecond / 2, DelayMax: time.Duration(1+rng.IntN(10)) * time.Millisecond,
		Loss: rng.Float64() * 0.03, SkewMax: time.Hour, Think: 10 * time.Millisecond,
		SnapshotThreshold: uint64(50 + rng.IntN(1000)), TrailingLogs: uint64(10 + rng.IntN(300)),
	}
}

// jobsConfig is a cluster that proves, too.
func jobsConfig(seed uint64) Config {
	c := entriesConfig(seed)
	c.Jobs, c.Workers, c.Clients, c.Anchors = true, 4, 8, 8
	c.Garbage, c.Think = 0.3, 40*time.Millisecond
	return c
}

func configOf(seed uint64) Config {
	if seed%4 == 3 {
		return jobsConfig(seed)
	}
	return entriesConfig(seed)
}

// outcome sums up runs.
type outcome struct {
	faults    Faults
	acked     int
	lost      int
	calls     int
	failovers []time.Duration
}

// run is one seed: load, faults, and the oracle's verdict.
func (o *outcome) run(t *testing.T, conf Config, crashes, rounds int) {
	synctest.Test(t, func(t *testing.T) {
		c, err := Start(conf)
		defer c.Close()
		if err != nil {
			t.Errorf("seed %d: %v", conf.Seed, err)
			return
		}
		c.Load()
		f, err := c.Torment(crashes, rounds)
		if err != nil {
			t.Errorf("seed %d: %v", conf.Seed, err)
		}
		c.Quiet()
		if err := c.CheckAll(); err != nil {
			t.Errorf("seed %d: %v", conf.Seed, err)
		} else if n, err := c.lost(); err == nil {
			o.lost += n
		}
		o.faults.Crashes += f.Crashes
		o.faults.PowerLosses += f.PowerLosses
		o.faults.Cuts += f.Cuts
		o.faults.Pauses += f.Pauses
		o.faults.WorkerCrashes += f.WorkerCrashes
		o.acked += len(c.oracle.acks)
		o.calls += len(c.oracle.history)
		o.failovers = append(o.failovers, c.failovers.all()...)
	})
}

func TestBubble(t *testing.T) {
	var o outcome
	for s := *seed; s < *seed+uint64(*seeds); s++ {
		o.run(t, configOf(s), 20, 10)
	}
	t.Logf("%+v acked=%d calls=%d lost=%d failovers=%d p50=%v p99=%v max=%v", o.faults, o.acked, o.calls, o.lost, len(o.failovers),
		Quantile(o.failovers, 0.5), Quantile(o.failovers, 0.99), Quantile(o.failovers, 1))
}
