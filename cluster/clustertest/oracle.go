package clustertest

import (
	"fmt"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/zeebo/blake3"

	"rpp-node/cluster/fsm"
)

// oracle remembers what clients were told and what voters signed.
type oracle struct {
	mu       sync.Mutex
	acks     []ack
	history  []porcupine.Operation
	receipts map[signature]bool // made by that voter, after its disk had synced
	anchors  map[fsm.NodeID]uint64
	clients  int
	errors   []string
}

// ack is a command that was acknowledged to a client.
type ack struct {
	index uint64 // 0 if the client was not told
	entry [32]byte
	job   fsm.JobID // of a submit
	key   string
}

type signature [64]byte

func newOracle() *oracle {
	return &oracle{receipts: map[signature]bool{}, anchors: map[fsm.NodeID]uint64{}}
}

// maxErrors bounds what is said of one run.
const maxErrors = 20

func (o *oracle) wrong(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.errors) < maxErrors {
		o.errors = append(o.errors, fmt.Sprintf(format, args...))
	}
}

// acknowledged notes an entry of the log that a client was told of.
func (o *oracle) acknowledged(a answer, in *input) {
	k := ack{index: a.index, entry: blake3.Sum256(a.entry)}
	if in != nil && in.op == opSubmit {
		k.job, k.key = in.order, in.key
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.acks = append(o.acks, k)
}

func (o *oracle) anchored(who identity, sequence uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.anchors[who.id] = sequence
}

// attempt adds a call to the history, and says whether the client need not repeat it.
func (o *oracle) attempt(in input, sent time.Time, a answer, err error) bool {
	out, told := outputOf(a, err)
	switch {
	case told:
	case in.op == opGet || refused(err):
		return false
	default:
		out = output{unknown: true}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.clients++
	o.history = append(o.history, operation(o.clients, in, out, sent, time.Now()))
	return told
}

// signed is told of every receipt as it is made. What it is for must be a proof.
func (o *oracle) signed(voter string, job fsm.JobID, proof []byte, r fsm.Receipt) {
	if err := verify(job, proof); err != nil {
		o.wrong("%s signs a receipt for what is not a proof: %v", voter, err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.receipts[r.Signature] = true
}
