package clustertest

import (
	"fmt"
	"time"

	"github.com/anishathalye/porcupine"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
)

// op is what clients do.
type op uint8

const (
	opSubmit op = iota
	opGet
	opCancel
)

func (o op) String() string { return [...]string{"submit", "get", "cancel"}[o] }

// input is a call about one idempotency key.
type input struct {
	op    op
	key   string
	order fsm.JobID // what is submitted
}

func submitInput(key string, o fsm.JobID) input { return input{opSubmit, key, o} }
func getInput(key string) input                 { return input{opGet, key, fsm.JobID{}} }
func cancelInput(key string) input              { return input{opCancel, key, fsm.JobID{}} }

// output is what a client was told.
type output struct {
	unknown bool // nothing
	state   fsm.JobState
	order   fsm.JobID
	proof   fsm.Digest
	code    fault.Code // of a refusal that tells something of the key
}

func (o output) String() string {
	if o.unknown {
		return "unknown"
	}
	return fmt.Sprintf("%v %.8s %.8s %s", o.state, o.order, o.proof, o.code)
}

// outputOf says what an answer tells, and whether it tells anything.
func outputOf(a answer, err error) (o output, told bool) {
	switch {
	case err == nil && a.result.Job != nil:
		j := a.result.Job
		o = output{state: j.State, order: j.ID}
		if j.Release != nil {
			o.proof = j.Release.ProofDigest
		}
		return o, true
	case err == nil:
		return o, true // no such job
	}
	switch code := fault.Of(err).Code; code {
	case fault.CodeIdemKey, fault.CodeFinal, fault.CodeNoJob:
		return output{code: code}, true
	}
	return o, false
}

// keyState is what is known of a key. A job that was accepted may end at any moment
// without anybody being told, so accepted stands for every state until somebody sees
// which one it is.
type keyState struct {
	order fsm.JobID // zero: nothing was submitted
	state fsm.JobState
	proof fsm.Digest
}

// keyModel is one idempotency key, as its tenant may rely on it.
var keyModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		byKey := map[string][]porcupine.Operation{}
		for _, o := range history {
			k := o.Input.(input).key
			byKey[k] = append(byKey[k], o)
		}
		var list [][]porcupine.Operation
		for _, h := range byKey {
			list = append(list, h)
		}
		return list
	},
	Init: func() any { return keyState{} },
	Step: func(state, in, out any) (bool, any) {
		return step(state.(keyState), in.(input), out.(output))
	},
	Equal: func(a, b any) bool { return a == b },
	DescribeOperation: func(in, out any) string {
		return fmt.Sprintf("%v: %v", in, out)
	},
}

func step(s keyState, in input, out output) (bool, keyState) {
	switch in.op {
	case opSubmit:
		return submitStep(s, in, out)
	case opCancel:
		return cancelStep(s, out)
	}
	if out.unknown {
		return true, s
	}
	return seen(s, out)
}

// seen is a job as it is shown.
func seen(s keyState, out output) (bool, keyState) {
	if s.order != out.order {
		return false, s
	}
	if s.order == (fsm.JobID{}) {
		return true, s
	}
	switch s.state {
	case fsm.Accepted: // or any other by now
		return true, keyState{s.order, out.state, out.proof}
	default: // only another submit changes it
		return s.state == out.state && s.proof == out.proof, s
	}
}

func submitStep(s keyState, in input, out output) (bool, keyState) {
	fresh := s.order == (fsm.JobID{})
	switch {
	case !fresh && s.order != in.order:
		return out.unknown || out.code == fault.CodeIdemKey, s
	case out.code != "":
		return false, s
	case s.state != fsm.Released: // new, repeated, or revived
		s = keyState{order: in.order, state: fsm.Accepted}
	}
	if out.unknown {
		return true, s
	}
	return seen(s, out)
}

func cancelStep(s keyState, out output) (bool, keyState) {
	switch {
	case s.order == (fsm.JobID{}):
		return out.unknown || out.order == (fsm.JobID{}), s
	case out.unknown && s.state == fsm.Accepted:
		return true, keyState{order: s.order, state: fsm.Cancelled}
	case out.unknown:
		return true, s
	case out.code == fault.CodeFinal: // it was released
		ok := s.state == fsm.Accepted || s.state == fsm.Released
		return ok, s
	case s.state == fsm.Accepted:
		ok := out.order == s.order && out.state != fsm.Accepted && out.state != fsm.Released
		return ok, keyState{order: s.order, state: out.state}
	}
	return seen(s, out)
}

// never is when a call without an answer returns.
const never = int64(1) << 62

// operation is an attempt in a history.
func operation(client int, in input, out output, sent, returned time.Time) porcupine.Operation {
	o := porcupine.Operation{ClientId: client, Input: in, Output: out, Call: sent.UnixNano(), Return: returned.UnixNano()}
	if out.unknown {
		o.Return = never
	}
	return o
}
