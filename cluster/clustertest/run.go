package clustertest

import (
	"time"

	"rpp-node/cluster/fsm"
)

// Report sums up a run.
type Report struct {
	Faults    Faults
	Acked     int // commands that were acknowledged to clients
	Lost      int // of them
	Calls     int // of clients, about jobs, in the history that was checked
	Garbage   int // false proofs that devices have made
	Jobs      map[fsm.JobState]int
	Failovers []time.Duration
}

// Run is the life of a cluster, in a bubble: load, faults until that many voters have
// crashed and that many rounds have passed, and the verdict of CheckAll.
func Run(conf Config, crashes, rounds int) (r Report, err error) {
	c, err := Start(conf)
	if err != nil {
		return r, err
	}
	defer c.Close()
	c.Load()
	r.Faults, err = c.Torment(crashes, rounds)
	c.Quiet()
	r.Acked, r.Calls = len(c.oracle.acks), len(c.oracle.history)
	r.Failovers, r.Garbage = c.failovers.all(), int(c.garbage.Load())
	if err != nil {
		return r, err
	}
	if err = c.CheckAll(); c.down() {
		return r, err
	}
	r.Lost, _ = c.lost() // CheckAll has told
	r.Jobs = map[fsm.JobState]int{}
	c.voters[0].current.Load().machine.View(func(s *fsm.State) {
		jobs, _ := s.Jobs(fsm.Filter{}, 0, 1000)
		for _, j := range jobs {
			r.Jobs[j.State]++
		}
	})
	return r, err
}

// down says whether some voter is.
func (c *Cluster) down() bool {
	for _, v := range c.voters {
		if !v.Up() {
			return true
		}
	}
	return false
}
