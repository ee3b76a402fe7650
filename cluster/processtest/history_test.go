//go:build linux

package processtest

import (
	"encoding/hex"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"

	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
)

// input is what a client asks about one idempotency key of a tenant.
type input struct {
	key    string
	submit bool
}

// output is what it is told.
type output struct {
	lost     bool // no answer: it may have happened, at any time since
	absent   bool // no job under the key
	job      string
	state    rppv1.JobState
	proof    string
	accepted int64
}

// history is what clients have asked and been told.
type history struct {
	began time.Time

	mu  sync.Mutex // guards ops
	ops []porcupine.Operation
}

func newHistory() *history { return &history{began: time.Now()} }

func (h *history) add(client int, in input, out output, call time.Time) {
	op := porcupine.Operation{ClientId: client, Input: in, Output: out, Call: int64(call.Sub(h.began)), Return: int64(time.Since(h.began))}
	if out.lost {
		op.Return = math.MaxInt64
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops = append(h.ops, op)
}

// told is a job as a client sees it.
func told(j *rppv1.Job) output {
	return output{job: hex.EncodeToString(j.Id), state: j.State, proof: hex.EncodeToString(j.ProofDigest), accepted: j.AcceptedMs}
}

// known is what is certain about a key after some answers.
type known struct {
	job      string // empty: there is none
	finished bool
	state    rppv1.JobState
	proof    string
}

// model says which answers one key may give, one after the other: once there is a job it
// stays, the same one; once it has ended it stays so, with the same proof.
var model = porcupine.Model{
	Partition: func(ops []porcupine.Operation) [][]porcupine.Operation {
		byKey := map[string][]porcupine.Operation{}
		for _, op := range ops {
			k := op.Input.(input).key
			byKey[k] = append(byKey[k], op)
		}
		var parts [][]porcupine.Operation
		for _, list := range byKey {
			parts = append(parts, list)
		}
		return parts
	},
	Init: func() any { return known{} },
	Step: func(state, in, out any) (bool, any) {
		s, i, o := state.(known), in.(input), out.(output)
		switch {
		case o.lost && i.submit:
			if s.job == "" {
				s.job = "?" // whichever it is
			}
			return true, s
		case o.absent:
			return s.job == "", s
		case s.job == "" && !i.submit:
			return false, s // a job that nobody has asked for
		case s.job != "" && s.job != "?" && s.job != o.job:
			return false, s
		}
		s.job = o.job
		final := o.state >= rppv1.JobState_JOB_STATE_RELEASED
		if s.finished {
			return final && o.state == s.state && o.proof == s.proof, s
		}
		s.finished, s.state, s.proof = final, o.state, o.proof
		if !final {
			s.state, s.proof = 0, ""
		}
		return true, s
	},
	Equal: func(a, b any) bool { return a == b },
	DescribeOperation: func(in, out any) string {
		i, o := in.(input), out.(output)
		return fmt.Sprintf("%+v -> %+v", i, o)
	},
}

// check says whether some order of what was asked explains what was told.
func (h *history) check() error {
	h.mu.Lock()
	ops := append([]porcupine.Operation(nil), h.ops...)
	h.mu.Unlock()
	for _, part := range model.Partition(ops) {
		if r := porcupine.CheckOperationsTimeout(model, part, 30*time.Second); r != porcupine.Ok {
			text := ""
			for _, op := range part {
				text += fmt.Sprintf("\n  %8.3f to %8.3f s: %s", time.Duration(op.Call).Seconds(), time.Duration(op.Return).Seconds(), model.DescribeOperation(op.Input, op.Output))
			}
			return fmt.Errorf("key %s: no order explains the answers (%s):%s", part[0].Input.(input).key, r, text)
		}
	}
	return nil
}
