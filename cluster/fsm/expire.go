package fsm

import (
	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm/internal/wire"
)

// Expire is the leader's tick: it forgets what is over by the command's time. Of finished
// jobs it forgets a bounded number, so that it never takes long.
type Expire struct{ Header }

func (*Expire) kind() kind { return kindExpire }

func (*Expire) walk(*wire.Coder) {}

func (c *Expire) apply(t *change) *fault.Error {
	t.expireTokens()
	t.expireIntakes()
	t.expireJobs()
	t.expireKeys()
	return nil
}

func (t *change) expireTokens() {
	before := len(t.tokens)
	for id, k := range t.tokens {
		if k.ExpiresMS+tokenKeptMS <= t.nowMS {
			delete(t.tokens, id)
		}
	}
	if n := before - len(t.tokens); n > 0 {
		t.result.Expired += n
		t.event(Event{Kind: TokensChanged})
	}
}

func (t *change) expireIntakes() {
	before := len(t.quarantine)
	for k, q := range t.quarantine {
		if q.Kind == ClosedTenant && q.UntilMS <= t.nowMS {
			delete(t.quarantine, k)
		}
	}
	if n := before - len(t.quarantine); n > 0 {
		t.result.Expired += n
		t.event(Event{Kind: QuarantineChanged})
	}
}

func (t *change) expireJobs() {
	for range maxForgotten {
		j := t.ended.first()
		if j == nil || j.FinishedMS+t.config.RetentionMS > t.nowMS {
			return
		}
		t.forget(j)
		t.result.Expired++
	}
}

// expireKeys forgets keys of former epochs that no live job needs. A variant stays known
// by its last key, whose grace is over.
func (t *change) expireKeys() {
	expired := 0
	for id, list := range t.keys {
		kept := make([]*Key, 0, len(list))
		for i, k := range list {
			if t.graceOver(k) && t.inUse[k.Fingerprint] == 0 && i < len(list)-1 {
				expired++
			} else {
				kept = append(kept, k)
			}
		}
		t.keys[id] = kept
	}
	if expired > 0 {
		t.result.Expired += expired
		t.event(Event{Kind: KeysChanged})
	}
}
