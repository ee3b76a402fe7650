//go:build linux

package processtest

import (
	"context"
	"time"

	"connectrpc.com/connect"

	"rpp-node/cluster/api"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/processtest/netlab"
)

// others names all nodes but one; the client's machine reaches everybody throughout.
func (r *rig) others(p *process) []string {
	var list []string
	for _, q := range r.nodes {
		if q != p {
			list = append(list, q.name)
		}
	}
	return list
}

// isolate cuts a node off from the other nodes, both ways.
func (r *rig) isolate(p *process) {
	r.tally.count(&r.tally.partitions)
	r.lab.Cut(p.name, r.others(p)...)
	for _, q := range r.others(p) {
		r.lab.Cut(q, p.name)
	}
}

// acceptsNothing submits a new job to one voter, which must not accept it.
func (r *rig) acceptsNothing(p *process) {
	ctx, cancel := context.WithTimeout(r.t.Context(), 2*time.Second)
	defer cancel()
	body := witness(r.load.size, r.random.Uint64())
	_, err := r.accessAt(tenants[0], p).Jobs.Submit(ctx, connect.NewRequest(&rppv1.SubmitRequest{Family: family, Witness: body}))
	switch e := fault.Of(api.FromError(err)); {
	case err == nil:
		r.tally.count(&r.tally.wrong)
		r.t.Errorf("%s is cut off from the majority and has accepted a job", p.name)
	case e.Kind != fault.Unavailable && ctx.Err() == nil:
		r.t.Errorf("%s is cut off from the majority and says: %v", p.name, e)
	}
}

// partitionLeader cuts whoever leads off: both ways, one way, again and again, and from
// one voter only.
func partitionLeader(r *rig) {
	r.start(6)
	cuts := []struct {
		name string
		cut  func(l *process)
		gone bool // the leader is out of the majority
	}{
		{"cut off", r.isolate, true},
		{"not heard", func(l *process) { r.tally.count(&r.tally.partitions); r.lab.Cut(l.name, r.others(l)...) }, false},
		{"deaf", func(l *process) {
			r.tally.count(&r.tally.partitions)
			for _, q := range r.others(l) {
				r.lab.Cut(q, l.name)
			}
		}, false},
		{"flapping", func(l *process) {
			for range 5 {
				r.isolate(l)
				time.Sleep(r.between(100*time.Millisecond, 700*time.Millisecond))
				r.lab.Heal()
				time.Sleep(r.between(50*time.Millisecond, 400*time.Millisecond))
			}
			r.isolate(l)
		}, true},
		{"cut off from one voter", func(l *process) {
			r.tally.count(&r.tally.partitions)
			f := r.follower()
			r.lab.Cut(l.name, f.name)
			r.lab.Cut(f.name, l.name)
		}, false},
	}
	for i := range r.rounds(8) {
		c := cuts[i%len(cuts)]
		l := r.leader()
		c.cut(l)
		took := r.recovered("%s %s", l.name, c.name)
		if c.gone {
			time.Sleep(time.Second - min(took, time.Second)) // its lease as a leader is over
			r.acceptsNothing(l)
		}
		time.Sleep(r.between(0, 500*time.Millisecond))
		r.lab.Heal()
		r.recovered("healed")
	}
}

// partitionMinority cuts voters off that do not lead, and then all of them from each other.
func partitionMinority(r *rig) {
	r.start(6)
	for range 3 {
		f := r.follower()
		r.isolate(f)
		time.Sleep(r.between(time.Second, 3*time.Second))
		r.acceptsNothing(f)
		r.recovered("%s cut off", f.name)
		r.lab.Heal()
		time.Sleep(time.Second)
	}
	for range 2 {
		for _, v := range r.voters() {
			r.isolate(v)
		}
		time.Sleep(2 * time.Second)
		for _, v := range r.voters() {
			r.acceptsNothing(v)
		}
		r.lab.Heal()
		r.recovered("voters cut off from each other, and healed")
	}
}

// partitionWorker cuts workers off while they prove: they stop when their lease ends.
func partitionWorker(r *rig) {
	r.startSize(8, 512)
	for range r.rounds(5) {
		p := r.busy()
		r.isolate(p)
		time.Sleep(lease + time.Second)
		s, err := p.status()
		if err != nil {
			r.t.Errorf("%s: %v", p.name, err)
		}
		for _, d := range s.Node.Devices {
			if d.Running != "" {
				r.tally.count(&r.tally.wrong)
				r.t.Errorf("%s computes %s without a lease", p.name, d.Running)
			}
		}
		r.lab.Heal()
		time.Sleep(time.Second)
	}
}

// badWeather has the network lose and delay.
func badWeather(r *rig) {
	r.start(6)
	for _, c := range []netlab.Conditions{
		{Delay: 5 * time.Millisecond, Jitter: 5 * time.Millisecond, Loss: 0.05},
		{Delay: 20 * time.Millisecond, Jitter: 20 * time.Millisecond, Loss: 0.02, Repeat: 0.05},
		{Loss: 0.15},
		{Delay: 2 * time.Millisecond, Loss: 0.30},
	} {
		r.lab.Weather(c)
		time.Sleep(5 * time.Second)
		r.lab.Weather(noWeather)
		r.recovered("%+v is over", c)
	}
}
