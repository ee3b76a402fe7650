package shard

import (
	"rpp-node/prover/device"
	"rpp-node/prover/matrix"
)

// Local is the executor of one process: participants that share its device. Tasks run one
// after the other, each on all of the device's workers.
type Local struct{ parts []*Participant }

// NewLocal prepares a job on count participants, at least one. With more than one, shards
// go round, and what one participant needs of another's shard it makes again. With one,
// consume lets it use up the traces (Part.Consume).
func NewLocal(j *Job, traces []matrix.Matrix, dev device.Device, count int, consume bool) *Local {
	l := &Local{}
	part := Part{Alone: count <= 1, Consume: consume && count <= 1}
	for range max(1, count) {
		l.parts = append(l.parts, NewParticipant(j, traces, dev, part))
	}
	return l
}

// Conductor is the participant on whose device the crown is made.
func (l *Local) Conductor() *Participant { return l.parts[0] }

// SetChallenges implements Executor.
func (l *Local) SetChallenges(c *Challenges) error {
	for _, p := range l.parts {
		if err := p.SetChallenges(c); err != nil {
			return err
		}
	}
	return nil
}

// Run implements Executor.
func (l *Local) Run(tasks []Task) ([]Result, error) {
	out := make([]Result, len(tasks))
	for i := range tasks {
		p := l.parts[tasks[i].Shard%len(l.parts)]
		r, err := p.Run(&tasks[i])
		if err != nil {
			return nil, err
		}
		out[i] = r
	}
	return out, nil
}

// Ran is how many tasks of each kind have run, over all participants.
func (l *Local) Ran() map[Kind]int {
	sum := map[Kind]int{}
	for _, p := range l.parts {
		for k, n := range p.ran {
			sum[k] += n
		}
	}
	return sum
}

// Release gives the participants' buffers back, once the proof is made.
func (l *Local) Release() {
	for _, p := range l.parts {
		p.Release()
	}
}
