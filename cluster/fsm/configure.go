package fsm

import (
	"slices"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm/internal/wire"
)

// Configuration is what the whole cluster must agree on to decide alike.
type Configuration struct {
	JobsPerTenantMax uint32 // live at a time
	LiveJobsMax      uint32
	FinishedJobsMax  uint32 // remembered; beyond, the oldest is forgotten
	RetentionMS      int64  // how long a finished job and its proof are kept
}

func (c *Configuration) walk(w *wire.Coder) {
	w.U32(&c.JobsPerTenantMax, "jobs per tenant")
	w.U32(&c.LiveJobsMax, "live jobs")
	w.U32(&c.FinishedJobsMax, "finished jobs")
	w.Millis(&c.RetentionMS, "retention")
}

func (c *Configuration) check() *fault.Error {
	within := func(v, limit uint32) bool { return v >= 1 && v <= limit }
	switch {
	case !within(c.JobsPerTenantMax, maxLiveJobs):
		return fault.New(fault.CodeField, "jobs per tenant: from 1 to %d", maxLiveJobs)
	case !within(c.LiveJobsMax, maxLiveJobs):
		return fault.New(fault.CodeField, "live jobs: from 1 to %d", maxLiveJobs)
	case !within(c.FinishedJobsMax, maxFinishedJobs):
		return fault.New(fault.CodeField, "finished jobs: from 1 to %d", maxFinishedJobs)
	case c.RetentionMS < 1 || c.RetentionMS > maxRetention.Milliseconds():
		return fault.New(fault.CodeField, "retention: from 1 ms to %s", maxRetention)
	}
	return nil
}

// Configure replaces the configuration. Jobs beyond new limits stay.
type Configure struct {
	Header
	Configuration
}

func (*Configure) kind() kind { return kindConfigure }

func (c *Configure) walk(w *wire.Coder) { c.Configuration.walk(w) }

func (c *Configure) apply(t *change) *fault.Error {
	if err := c.check(); err != nil {
		return err
	}
	if t.config == c.Configuration {
		return nil
	}
	t.config = c.Configuration
	t.event(Event{Kind: ConfigurationChanged})
	return nil
}

// KeyringStep is how far the rotation of the gossip key has come.
type KeyringStep uint8

// The steps, each taken when every node has reported the one before.
const (
	KeyInstalled KeyringStep = iota + 1
	KeyUsed
	KeyRemoved // the former key: the rotation is complete
)

// GossipKeyring is the rotation of the gossip key: digests and steps, never a key.
type GossipKeyring struct {
	Version    uint64 // 0 before the first
	Step       KeyringStep
	KeyDigests []Digest
}

func (k *GossipKeyring) walk(w *wire.Coder) {
	w.U64(&k.Version, "keyring version")
	wire.Enum(w, &k.Step, 0, KeyRemoved, "keyring step")
	wire.List(w, &k.KeyDigests, maxKeyDigests, "key digests", func(d *Digest) { w.Fixed(d[:], "key digest") })
}

// Keyring takes the next step of a rotation, or begins one.
type Keyring struct {
	Header
	GossipKeyring
}

func (*Keyring) kind() kind { return kindKeyring }

func (c *Keyring) walk(w *wire.Coder) { c.GossipKeyring.walk(w) }

func (c *Keyring) apply(t *change) *fault.Error {
	k := t.keyring
	if c.Version == k.Version && c.Step == k.Step && slices.Equal(c.KeyDigests, k.KeyDigests) {
		return nil
	}
	// A rotation that only installed its key may be given up for a new one. Once the key
	// is used somewhere, nothing but the next step is safe.
	begins := c.Version == k.Version+1 && (k.Version == 0 || c.Step == KeyInstalled && k.Step != KeyUsed)
	goesOn := c.Version == k.Version && c.Step == k.Step+1
	if c.Step == 0 || len(c.KeyDigests) == 0 {
		return fault.New(fault.CodeField, "keyring: step and keys must not be empty")
	}
	if !begins && !goesOn {
		return fault.New(fault.CodeKeyring, "keyring: version %d step %d does not follow version %d step %d", c.Version, c.Step, k.Version, k.Step)
	}
	t.keyring = GossipKeyring{c.Version, c.Step, slices.Clone(c.KeyDigests)}
	t.event(Event{Kind: KeyringChanged})
	return nil
}
