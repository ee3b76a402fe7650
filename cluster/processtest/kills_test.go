//go:build linux

package processtest

import (
	"slices"
	"sync"
	"time"

	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
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
	for range 8 {
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
	for range 14 {
		p := r.busy()
		time.Sleep(r.between(0, 150*time.Millisecond))
		r.kill(p)
		time.Sleep(r.between(0, time.Second))
		r.restart(p)
	}
}

// busy waits until a worker proves, and says which.
func (r *rig) busy() *process {
	var found []string
	err := r.await("a worker that proves", 20*time.Second, func() bool {
		s, err := r.clusterStatus()
		if err != nil {
			return false
		}
		found = nil
		for _, m := range s.Members {
			if slices.ContainsFunc(m.Devices, func(d *rppv1.Device) bool { return len(d.Running) > 0 }) {
				found = append(found, m.Name)
			}
		}
		return len(found) > 0
	})
	if err != nil {
		r.fatal("%v", err)
	}
	return r.node(found[r.random.IntN(len(found))])
}

// powerLoss kills all nodes at once while clients submit.
func powerLoss(r *rig) {
	r.start(8)
	for range 4 {
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

// killDevices kills devices, and takes their memory away, while they prove.
func killDevices(r *rig) {
	r.startSize(8, 512)
	for i := range 10 {
		p := r.busy()
		time.Sleep(r.between(0, 100*time.Millisecond))
		for _, pid := range p.children() {
			if i%2 == 0 {
				r.tally.count(&r.tally.kills)
				killProcess(pid)
			} else if err := starve(pid); err != nil {
				r.t.Logf("%s: device %d: %v", p.name, pid, err) // it has just ended
			}
		}
		time.Sleep(r.between(200*time.Millisecond, 1200*time.Millisecond))
	}
}
