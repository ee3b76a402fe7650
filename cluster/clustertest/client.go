package clustertest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"rpp-node/cluster/fsm"
	"rpp-node/cluster/raft"
)

const (
	attemptTimeout = 400 * time.Millisecond // for an anchor
	jobTimeout     = 2 * time.Second
	retries        = 5
)

// client is somebody outside who calls voters, one after another until one answers.
type client struct {
	c    *Cluster
	host *Host
	rng  *rand.Rand
	turn int // which voter is asked first
}

func newClient(c *Cluster, name string) *client {
	rng := rand.New(rand.NewPCG(c.draw(), 3))
	return &client{c: c, host: c.net.host(name), rng: rng, turn: rng.IntN(len(c.voters))}
}

// ask puts a question to the voter whose turn it is, and follows a hint to the leader.
func (k *client) ask(timeout time.Duration, f func(context.Context, *life) (answer, error)) (answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	v := k.c.voters[k.turn%len(k.c.voters)]
	a, err := call(ctx, k.host, v.name, func(ctx context.Context) (answer, error) {
		l := v.current.Load()
		if l == nil {
			return answer{}, errNoAnswer
		}
		return f(ctx, l)
	})
	if err == nil {
		return a, nil
	}
	k.turn++
	var elsewhere *raft.NotLeaderError
	if errors.As(err, &elsewhere) {
		for i, v := range k.c.voters {
			if v.id.String() == elsewhere.ID {
				k.turn = i
			}
		}
	}
	return a, err
}

func (k *client) pause(most time.Duration) {
	time.Sleep(time.Duration(k.rng.Int64N(int64(most))) + time.Millisecond)
}

// anchors commits small commands, one after another: the anchors of an audit chain.
func (k *client) anchors(who identity, stop <-chan struct{}) {
	for sequence := uint64(1); ; {
		select {
		case <-stop:
			return
		default:
		}
		sent := time.Now()
		a, err := k.ask(attemptTimeout, func(ctx context.Context, l *life) (answer, error) {
			return l.propose(ctx, who.name, &fsm.AuditAnchor{NodeID: who.id, Sequence: sequence, Head: fsm.Digest{byte(sequence)}})
		})
		if err != nil {
			k.pause(20 * time.Millisecond)
			continue
		}
		k.c.failovers.acknowledged(sent)
		k.c.oracle.acknowledged(a, nil)
		k.c.oracle.anchored(who, sequence)
		sequence++
		if think := k.c.conf.Think; think > 0 {
			k.pause(think)
		}
	}
}

// jobs submits, reads and cancels under keys that it shares with nobody else but its
// twin, which is another client of the same number.
func (k *client) jobs(keys []string, orders map[string][]order, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		key := keys[k.rng.IntN(len(keys))]
		switch n := k.rng.IntN(20); {
		case n < 8:
			list := orders[key]
			o := list[0]
			if k.rng.IntN(10) == 0 {
				o = list[1] // another order under the same key
			}
			k.retry(submitInput(key, o.id), func(ctx context.Context, l *life) (answer, error) { return l.submit(ctx, key, o) })
		case n < 18:
			k.retry(getInput(key), func(ctx context.Context, l *life) (answer, error) { return l.find(ctx, key) })
		default:
			k.retry(cancelInput(key), func(ctx context.Context, l *life) (answer, error) { return l.withdraw(ctx, key) })
		}
		k.pause(400 * time.Millisecond)
	}
}

// retry calls until there is an answer, five times at most, and records each attempt: one
// without an answer may take effect at any time from then on.
func (k *client) retry(in input, f func(context.Context, *life) (answer, error)) {
	for range retries {
		sent := time.Now()
		a, err := k.ask(jobTimeout, f)
		done := k.c.oracle.attempt(in, sent, a, err)
		if err == nil {
			if in.op == opSubmit {
				k.c.failovers.acknowledged(sent)
			}
			if a.index > 0 {
				k.c.oracle.acknowledged(a, &in)
			}
		}
		if done {
			return
		}
		k.pause(100 * time.Millisecond)
	}
}

func (i input) String() string { return fmt.Sprintf("%v %s %.8s", i.op, i.key, i.order) }
