//go:build linux

package processtest

import (
	"encoding/hex"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// kill kills a node, as kill -9 does.
func (r *rig) kill(p *process) {
	r.tally.count(&r.tally.kills)
	p.kill()
}

// restart starts a node that was ended.
func (r *rig) restart(p *process) {
	if err := p.up(); err != nil {
		r.fatal("restart: %v", err)
	}
}

// everywhere does something with each node at the same time.
func everywhere(nodes []*process, do func(*process)) {
	var all sync.WaitGroup
	for _, p := range nodes {
		all.Add(1)
		go func() { defer all.Done(); do(p) }()
	}
	all.Wait()
}

// killLeader kills whoever leads, again and again, while clients submit.
func killLeader(r *rig) {
	r.start(6)
	for range r.rounds(10) {
		l := r.leader()
		time.Sleep(r.between(0, 500*time.Millisecond))
		r.kill(l)
		r.recovered("%s killed", l.name)
		r.restart(l)
		time.Sleep(r.between(200*time.Millisecond, time.Second))
	}
}

// killWorker kills workers while they prove.
func killWorker(r *rig) {
	r.startSize(8, 512)
	for range r.rounds(16) {
		p := r.busy()
		time.Sleep(r.between(0, 150*time.Millisecond))
		r.kill(p)
		time.Sleep(r.between(0, time.Second))
		r.restart(p)
	}
}

// busy waits until a worker proves, and says which.
func (r *rig) busy() *process {
	p, _ := r.busyWith(nil)
	return p
}

// busyWith waits until a worker proves a job that is not one of some, and says which job.
func (r *rig) busyWith(not map[string]bool) (*process, string) {
	type pair struct{ worker, job string }
	var found []pair
	err := r.await("a worker that proves", 20*time.Second, func() bool {
		s, err := r.clusterStatus()
		if err != nil {
			return false
		}
		found = nil
		for _, m := range s.Members {
			for _, d := range m.Devices {
				if job := hex.EncodeToString(d.Running); job != "" && !not[job] {
					found = append(found, pair{m.Name, job})
				}
			}
		}
		return len(found) > 0
	})
	if err != nil {
		r.fatal("%v", err)
	}
	f := found[r.random.IntN(len(found))]
	return r.node(f.worker), f.job
}

// powerLoss kills all nodes at once while clients submit.
func powerLoss(r *rig) {
	r.start(8)
	for range r.rounds(4) {
		time.Sleep(r.between(500*time.Millisecond, 2500*time.Millisecond))
		everywhere(r.nodes, r.kill)
		began := time.Now()
		everywhere(r.nodes, func(p *process) {
			if err := p.start(); err != nil {
				r.t.Error(err)
			}
		})
		for _, p := range r.nodes {
			if err := p.awaitReady(20 * time.Second); err != nil {
				r.fatal("after the power loss: %v", err)
			}
		}
		r.recoveredSince(began, "all nodes killed and started")
	}
}

// killDevices kills devices, and takes their memory away, while they prove. No job is hit
// twice: one that crashes device after device is rightly quarantined.
func killDevices(r *rig) {
	r.startSize(8, 512)
	hit := map[string]bool{}
	for i := range r.rounds(8) {
		p, job := r.busyWith(hit)
		hit[job] = true
		for _, pid := range p.children() {
			if i%2 == 0 {
				r.tally.count(&r.tally.kills)
				unix.Kill(pid, unix.SIGKILL)
			} else if err := unix.Prlimit(pid, unix.RLIMIT_DATA, &unix.Rlimit{Cur: 1 << 20, Max: 1 << 20}, nil); err != nil {
				r.t.Logf("%s: device %d: %v", p.name, pid, err) // it has just ended
			}
		}
		time.Sleep(r.between(800*time.Millisecond, 1600*time.Millisecond))
	}
}
