//go:build linux

package processtest

import "time"

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

// killLeader kills whoever leads, again and again, while clients submit.
func killLeader(r *rig) {
	r.start(6)
	time.Sleep(time.Second)
	for range 8 {
		l := r.leader()
		time.Sleep(r.between(0, 500*time.Millisecond))
		r.kill(l)
		took := r.recover(time.Now())
		r.t.Logf("%s killed; accepted again after %v", l.name, took.Round(time.Millisecond))
		r.restart(l)
		time.Sleep(r.between(200*time.Millisecond, time.Second))
	}
}
