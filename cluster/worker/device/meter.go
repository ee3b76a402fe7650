package device

import (
	"time"

	"rpp-node/prover/stark"
)

// meter measures one task.
type meter struct {
	now          func() time.Time
	start, since time.Time
	cpu          time.Duration // of the process when the task began
	stage        stark.Stage
	stages       []StageUsage
}

func newMeter(now func() time.Time) *meter {
	resetPeak()
	m := &meter{now: now, start: now(), cpu: cpuTime()}
	return m
}

// begin is told when a stage begins.
func (m *meter) begin(s stark.Stage) {
	at := m.now()
	if m.stage != "" {
		m.stages = append(m.stages, StageUsage{string(m.stage), max(at.Sub(m.since), 0)})
	}
	m.stage, m.since = s, at
}

func (m *meter) end() Usage {
	return Usage{
		Wall: max(m.now().Sub(m.start), 0), CPU: max(cpuTime()-m.cpu, 0), PeakBytes: peakBytes(), Stages: m.stages,
	}
}
