//go:build linux

package processtest

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rpp-node/cluster/processtest/netlab"
)

var noWeather netlab.Conditions

// scenario is one kind of trouble.
type scenario struct {
	name    string
	small   bool // also in a run at a tenth, and then shorter
	options options
	run     func(r *rig)
}

// scenarios are all of them, each in a file with those like it.
var scenarios = []scenario{
	{name: "kill-leader", small: true, run: killLeader},
	{name: "kill-worker", run: killWorker},
	{name: "power-loss", small: true, run: powerLoss},
	{name: "kill-devices", run: killDevices},
	{name: "pause-leader", run: pauseLeader},
	{name: "pause-worker", run: pauseWorker},
	{name: "partition-leader", small: true, run: partitionLeader},
	{name: "partition-minority", run: partitionMinority},
	{name: "partition-worker", run: partitionWorker},
	{name: "bad-weather", run: badWeather},
	{name: "disk-full", run: diskFull},
	{name: "operations", run: operations},
	{name: "flip-bits", small: true, run: flipBits},
	{name: "wipe", run: wipe},
	{name: "slow-worker", run: slowWorker},
	{name: "intruders", run: intruders},
	{name: "overload", options: options{adapt: smallQueue}, run: overload},
}

// play runs a scenario on a cluster of its own.
func play(t *testing.T, s scenario, seed uint64, tally *tally) {
	began := time.Now()
	r := newRig(t, seed, tally, s.options)
	s.run(r)
	r.check()
	tally.count(&tally.scenarios)
	t.Logf("%s, seed %d: %v", s.name, seed, time.Since(began).Round(time.Millisecond))
}

// seedEnv repeats a run's plan.
const seedEnv = "RPP_PROCESSTEST_SEED"

func seed(t *testing.T) uint64 {
	if s := os.Getenv(seedEnv); s != "" {
		v, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	return 1
}

// TestSmoke kills one leader.
func TestSmoke(t *testing.T) {
	if os.Getenv("GATE") != "" {
		t.Skip("the gate does more")
	}
	play(t, scenario{name: "smoke", run: func(r *rig) {
		r.start(4)
		time.Sleep(200 * time.Millisecond)
		l := r.leader()
		r.kill(l)
		r.recovered("%s killed", l.name)
		r.restart(l)
	}}, seed(t), &tally{})
}

// onlyEnv names scenarios to play, separated by commas.
const onlyEnv = "RPP_PROCESSTEST_ONLY"

// TestScenarios plays those that are named.
func TestScenarios(t *testing.T) {
	only := os.Getenv(onlyEnv)
	if only == "" {
		t.Skip(onlyEnv + " names none")
	}
	k := &tally{}
	for i, s := range scenarios {
		if slices.Contains(strings.Split(only, ","), s.name) {
			t.Run(s.name, func(t *testing.T) { play(t, s, seed(t)+uint64(i), k) })
		}
	}
	t.Log(k.line())
}

// TestProcessGate plays all scenarios; at SCALE above 1, those marked as small.
func TestProcessGate(t *testing.T) {
	if os.Getenv("GATE") == "" {
		t.Skip("run it with 'make gate-process'")
	}
	scale, err := strconv.Atoi(os.Getenv("SCALE"))
	if err != nil {
		scale = 1
	}
	k := &tally{}
	if unavailable != "" {
		fmt.Println("process skipped: " + unavailable)
		t.Skip(unavailable)
	}
	for i, s := range scenarios {
		if scale == 1 || s.small {
			s.options.small = scale > 1
			t.Run(s.name, func(t *testing.T) { play(t, s, seed(t)+uint64(i), k) })
		}
	}
	fmt.Println(k.line())
	if k.lost != 0 || k.wrong != 0 {
		t.Errorf("%d lost, %d wrong", k.lost, k.wrong)
	}
	if took := k.recovery99(); took > 10*time.Second {
		t.Errorf("recovery takes %s", took)
	}
	for name, n := range map[string][2]int{
		"scenarios": {k.scenarios, 12}, "kills": {k.kills, 60}, "partitions": {k.partitions, 24}, "pauses": {k.pauses, 12},
		"diskfull": {k.diskFull, 2}, "bitflips": {k.bitFlips, 50},
	} {
		if scale == 1 && n[0] < n[1] {
			t.Errorf("%d %s, want %d", n[0], name, n[1])
		}
	}
}

func (t *tally) line() string {
	return fmt.Sprintf("process scenarios=%d kills=%d partitions=%d pauses=%d diskfull=%d bitflips=%d lost=%d wrong=%d recovery_p99_ms=%d",
		t.scenarios, t.kills, t.partitions, t.pauses, t.diskFull, t.bitFlips, t.lost, t.wrong, t.recovery99().Milliseconds())
}
