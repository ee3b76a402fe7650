package release

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"rpp-node/cluster/fsm"
)

// Verdict is what the answers so far amount to.
type Verdict uint8

const (
	Pending  Verdict = iota
	Released         // receipts suffice: propose the release
	Refused          // so many voters reject the proof that it cannot be released
)

// Asking is one voter to ask now.
type Asking struct {
	Voter   fsm.NodeID
	Attempt int
}

// Limits of asking again: a voter that cannot be reached is asked again after retryMin,
// twice as long each time, up to retryMax.
const (
	retryMin = 50 * time.Millisecond
	retryMax = 5 * time.Second
)

// Gather collects the receipts of one assembled proof. Its methods take the time as an
// argument and must be called one at a time.
type Gather struct {
	assembler fsm.NodeID // node whose device assembled the proof
	voters    map[fsm.NodeID]*voter
	order     []fsm.NodeID // of voters, for answers that do not depend on map order
}

type voter struct {
	asked    bool // and has not answered yet
	attempts int
	again    time.Time // when to ask again
	receipt  *fsm.Receipt
	rejected string // the verifier's code
}

// NewGather begins to collect. There is at least one voter.
func NewGather(assembler fsm.NodeID, voters []fsm.NodeID) *Gather {
	g := &Gather{assembler: assembler}
	g.SetVoters(voters)
	return g
}

// SetVoters follows a change of the voters: what those who stay have said still counts.
func (g *Gather) SetVoters(ids []fsm.NodeID) {
	old := g.voters
	g.voters = make(map[fsm.NodeID]*voter, len(ids))
	g.order = slices.Clone(ids)
	slices.SortFunc(g.order, func(a, b fsm.NodeID) int { return bytes.Compare(a[:], b[:]) })
	g.order = slices.Compact(g.order)
	for _, id := range g.order {
		if v, ok := old[id]; ok {
			g.voters[id] = v
		} else {
			g.voters[id] = &voter{}
		}
	}
}

// Next lists whom to ask now, and when to call again if nobody answers before; zero if
// there is nobody left to ask.
func (g *Gather) Next(now time.Time) ([]Asking, time.Time) {
	var list []Asking
	var wake time.Time
	for _, id := range g.order {
		v := g.voters[id]
		switch {
		case v.asked || v.receipt != nil || v.rejected != "":
		case v.again.After(now):
			if wake.IsZero() || v.again.Before(wake) {
				wake = v.again
			}
		default:
			v.asked = true
			v.attempts++
			list = append(list, Asking{Voter: id, Attempt: v.attempts})
		}
	}
	return list, wake
}

// Signed takes a receipt, whose signature the caller has checked.
func (g *Gather) Signed(r fsm.Receipt) Verdict {
	if v := g.voters[r.Voter]; v != nil {
		v.asked = false
		if v.receipt == nil && v.rejected == "" {
			v.receipt = &r
		}
	}
	return g.Verdict()
}

// Rejected notes that a voter's verifier refuses the proof.
func (g *Gather) Rejected(id fsm.NodeID, code string) Verdict {
	if v := g.voters[id]; v != nil {
		v.asked = false
		if v.receipt == nil && v.rejected == "" {
			v.rejected = code
		}
	}
	return g.Verdict()
}

// Failed notes that a voter did not answer; it will be asked again later.
func (g *Gather) Failed(id fsm.NodeID, now time.Time) {
	if v := g.voters[id]; v != nil {
		v.asked = false
		v.again = now.Add(min(retryMin<<min(v.attempts, 16), retryMax))
	}
}

// Verdict is what the answers so far amount to: nothing while no voter is known.
func (g *Gather) Verdict() Verdict {
	signed, others, rejected := 0, 0, 0
	for id, v := range g.voters {
		switch {
		case v.receipt != nil:
			signed++
			if id != g.assembler {
				others++
			}
		case v.rejected != "":
			rejected++
		}
	}
	n := len(g.voters)
	quorum := n/2 + 1
	switch {
	case signed >= quorum && (others > 0 || n == 1):
		return Released
	case n > 0 && rejected > n-quorum:
		return Refused
	}
	return Pending
}

// Receipts lists the receipts, in the order of their voters.
func (g *Gather) Receipts() []fsm.Receipt {
	var list []fsm.Receipt
	for _, id := range g.order {
		if r := g.voters[id].receipt; r != nil {
			list = append(list, *r)
		}
	}
	return list
}

// Waiting counts the voters that owe an answer.
func (g *Gather) Waiting() int {
	n := 0
	for _, v := range g.voters {
		if v.receipt == nil && v.rejected == "" {
			n++
		}
	}
	return n
}

// Rejection says who refuses the proof and why: empty if nobody does.
func (g *Gather) Rejection() (code, reason string) {
	for _, id := range g.order {
		if v := g.voters[id]; v.rejected != "" {
			if code == "" {
				code = v.rejected
			}
			reason += fmt.Sprintf("voter %x: %s; ", id[:4], v.rejected)
		}
	}
	return code, reason
}
