package health

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// Budgets are what a node may use up before it is degraded.
type Budgets struct {
	ProverErrorRate   float64
	VerifierErrorRate float64
	VerifierLatency   time.Duration

	// ProverLatency is not judged when zero: how long a proof takes depends on its circuit.
	ProverLatency time.Duration
}

// DefaultBudgets are those of the runbook.
func DefaultBudgets() Budgets {
	return Budgets{ProverErrorRate: 0.05, VerifierErrorRate: 0.02, VerifierLatency: 8 * time.Second}
}

// Outcomes is told what a Tracker is told, with the time: the metrics, usually.
type Outcomes interface {
	Proved(at time.Time, family string, took time.Duration, bytes int)
	ProofFailed(at time.Time, family, reason string)
	Verified(at time.Time, family string, took time.Duration, code string)
}

// Tracker counts what the prover and the verifier did. All methods may be called from any
// goroutine and return at once.
type Tracker struct {
	now     func() time.Time
	budgets Budgets
	sink    Outcomes

	mu       sync.Mutex // guards all below; never held across a call out
	prover   window
	verifier window
	counts   counts
	recovery []Recovery // oldest first
}

type counts struct {
	proofs, failed     uint64
	accepted, rejected uint64
	verifying          time.Duration
	lastSuccess        time.Time
	lastError          time.Time
	lastMessage        string
}

// NewTracker makes a tracker that passes everything on to sink.
func NewTracker(now func() time.Time, budgets Budgets, sink Outcomes) *Tracker {
	return &Tracker{now: now, budgets: budgets, sink: sink}
}

// Proved says that a proof was made.
func (t *Tracker) Proved(family string, took time.Duration, bytes int) {
	at := t.now()
	t.mu.Lock()
	if t.counts.lastError.After(t.counts.lastSuccess) {
		t.recover(at, "prover", "a "+family+" proof was made after: "+t.counts.lastMessage)
	}
	t.prover.add(outcome{at: at, took: took})
	t.counts.proofs++
	t.counts.lastSuccess = at
	t.mu.Unlock()
	t.sink.Proved(at, family, took, bytes)
}

// ProofFailed says that a proof was not made: why in one of the words of the metrics, and
// in full. A witness that breaks a constraint is not a failure of the prover: see
// WitnessRejected.
func (t *Tracker) ProofFailed(family, reason, message string) {
	at := t.now()
	t.mu.Lock()
	t.prover.add(outcome{at: at, failed: true})
	t.counts.failed++
	t.counts.lastError, t.counts.lastMessage = at, clip(family+": "+message)
	t.mu.Unlock()
	t.sink.ProofFailed(at, family, reason)
}

// WitnessRejected says that a tenant's witness was wrong. It is counted, and uses up
// nothing of the budget: a tenant cannot make a node look ill.
func (t *Tracker) WitnessRejected(family string) {
	t.sink.ProofFailed(t.now(), family, "invalid-witness")
}

// Verified says that a proof of the cluster's own making was verified; code is empty if it
// was accepted.
func (t *Tracker) Verified(family string, took time.Duration, code string) {
	t.verified(family, took, code, true)
}

// VerifiedForClient says that a client's file was verified. It is counted, and uses up
// nothing of the budget: a client with bad files cannot make a node look ill.
func (t *Tracker) VerifiedForClient(family string, took time.Duration, code string) {
	t.verified(family, took, code, false)
}

func (t *Tracker) verified(family string, took time.Duration, code string, judged bool) {
	at := t.now()
	t.mu.Lock()
	if judged {
		t.verifier.add(outcome{at: at, took: took, failed: code != ""})
	}
	t.counts.verifying += took
	if code == "" {
		t.counts.accepted++
	} else {
		t.counts.rejected++
	}
	t.mu.Unlock()
	t.sink.Verified(at, family, took, code)
}

// Recovered remembers that something put itself right: what, and how.
func (t *Tracker) Recovered(what, detail string) {
	at := t.now()
	t.mu.Lock()
	t.recover(at, what, detail)
	t.mu.Unlock()
}

// recover runs with the lock held.
func (t *Tracker) recover(at time.Time, what, detail string) {
	if len(t.recovery) == recoveryCount {
		t.recovery = append(t.recovery[:0], t.recovery[1:]...)
	}
	t.recovery = append(t.recovery, Recovery{AtMillis: at.UnixMilli(), What: clip(what), Detail: clip(detail)})
}

// clip bounds a text that is shown to people.
func clip(s string) string {
	if len(s) <= messageBytesMax {
		return s
	}
	return strings.ToValidUTF8(s[:messageBytesMax], "") + "…"
}

// findings are the budgets that are used up.
func (t *Tracker) findings() []Finding {
	now := t.now()
	t.mu.Lock()
	p, v := t.prover.summarise(now), t.verifier.summarise(now)
	t.mu.Unlock()
	return append(judge("prover", p, t.budgets.ProverErrorRate, t.budgets.ProverLatency),
		judge("verifier", v, t.budgets.VerifierErrorRate, t.budgets.VerifierLatency)...)
}

// judge compares a window with its budgets; a latency of zero is no budget.
func judge(who string, s summary, rate float64, latency time.Duration) []Finding {
	var list []Finding
	if s.count >= windowCountMin && s.errorRate() > rate {
		list = append(list, Finding{Degraded, fmt.Sprintf("%s: %d of %d failed, budget %.3g %%", who, s.failed, s.count, 100*rate)})
	}
	if latency > 0 && s.p95 > latency {
		list = append(list, Finding{Degraded, fmt.Sprintf("%s: p95 %d ms, budget %d ms", who, s.p95.Milliseconds(), latency.Milliseconds())})
	}
	return list
}
