package fsm

import (
	"cmp"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm/internal/wire"
)

// QuarantineKind is what is quarantined. A witness never is: other specs may use it.
type QuarantineKind uint8

// The kinds.
const (
	QuarantinedSpec QuarantineKind = iota + 1
	QuarantinedDevice
	QuarantinedNode
	ClosedTenant
)

func (k QuarantineKind) String() string {
	switch k {
	case QuarantinedSpec:
		return "spec"
	case QuarantinedDevice:
		return "device"
	case QuarantinedNode:
		return "node"
	case ClosedTenant:
		return "tenant"
	}
	return "unknown"
}

// Quarantine is one entry of the quarantine list.
type Quarantine struct {
	Kind    QuarantineKind
	Subject string // the spec's digest or the node's name in hexadecimal, a device, a tenant
	Tenant  string // of a spec
	Node    NodeID // of a device
	Reason  string
	By      string
	AtMS    int64
	UntilMS int64 // of a tenant
	Index   uint64
}

type quarantineKey struct {
	kind    QuarantineKind
	subject string
	tenant  string
}

func (q *Quarantine) key() quarantineKey { return quarantineKey{q.Kind, q.Subject, q.Tenant} }

func compareQuarantine(a, b *Quarantine) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Subject, b.Subject))
}

func specKey(tenant string, id JobID) quarantineKey {
	return quarantineKey{QuarantinedSpec, id.String(), tenant}
}

func tenantKey(tenant string) quarantineKey { return quarantineKey{ClosedTenant, tenant, ""} }

func (q *Quarantine) walk(w *wire.Coder) {
	wire.Enum(w, &q.Kind, QuarantinedSpec, ClosedTenant, "quarantine's kind")
	w.Text(&q.Subject, maxDeviceBytes, "subject")
	w.Text(&q.Tenant, maxNameBytes, "tenant")
	w.Fixed(q.Node[:], "node")
	w.Text(&q.Reason, maxReasonBytes, "reason")
	w.Text(&q.By, maxActorBytes, "by")
	w.Millis(&q.AtMS, "at")
	w.Millis(&q.UntilMS, "until")
	w.U64(&q.Index, "index")
}

// QuarantineSpec refuses a spec of a tenant, and withdraws the tenant's subscriptions.
// When none is active any more, the job is quarantined.
type QuarantineSpec struct {
	Header
	Tenant string
	Spec   Digest
	Reason string
}

func (*QuarantineSpec) kind() kind { return kindQuarantineSpec }

func (c *QuarantineSpec) walk(w *wire.Coder) {
	w.Text(&c.Tenant, maxNameBytes, "tenant")
	w.Fixed(c.Spec[:], "spec")
	w.Text(&c.Reason, maxReasonBytes, "reason")
}

func (c *QuarantineSpec) apply(t *change) *fault.Error {
	if c.Tenant == "" {
		return fault.New(fault.CodeField, "tenant: must not be empty")
	}
	id := JobID(c.Spec)
	j := t.jobs[id]
	if j != nil && j.State == Released {
		return fault.New(fault.CodeFinal, "job %s is released", id)
	}
	key := specKey(c.Tenant, id)
	if t.quarantine[key] == nil {
		t.makeRoom(c.Tenant)
	}
	if err := t.quarantined(&Quarantine{Kind: QuarantinedSpec, Subject: key.subject, Tenant: c.Tenant, Reason: c.Reason}); err != nil {
		return err
	}
	if j != nil {
		t.withdraw(j, WithdrawnByQuarantine, c.Reason, func(s Subscription) bool { return s.Tenant == c.Tenant })
		t.result.Job = t.jobs[id].clone()
	}
	return nil
}

// QuarantineDevice keeps a device from getting work.
type QuarantineDevice struct {
	Header
	Device string
	Node   NodeID
	Reason string
}

func (*QuarantineDevice) kind() kind { return kindQuarantineDevice }

func (c *QuarantineDevice) walk(w *wire.Coder) {
	w.Text(&c.Device, maxDeviceBytes, "device")
	w.Fixed(c.Node[:], "node")
	w.Text(&c.Reason, maxReasonBytes, "reason")
}

func (c *QuarantineDevice) apply(t *change) *fault.Error {
	if c.Device == "" {
		return fault.New(fault.CodeField, "device: must not be empty")
	}
	return t.quarantined(&Quarantine{Kind: QuarantinedDevice, Subject: c.Device, Node: c.Node, Reason: c.Reason})
}

// QuarantineNode keeps all devices of a node from getting work.
type QuarantineNode struct {
	Header
	Node   NodeID
	Reason string
}

func (*QuarantineNode) kind() kind { return kindQuarantineNode }

func (c *QuarantineNode) walk(w *wire.Coder) {
	w.Fixed(c.Node[:], "node")
	w.Text(&c.Reason, maxReasonBytes, "reason")
}

func (c *QuarantineNode) apply(t *change) *fault.Error {
	return t.quarantined(&Quarantine{Kind: QuarantinedNode, Subject: c.Node.String(), Node: c.Node, Reason: c.Reason})
}

// CloseIntake refuses new subscriptions of a tenant until then.
type CloseIntake struct {
	Header
	Tenant  string
	UntilMS int64
	Reason  string
}

func (*CloseIntake) kind() kind { return kindCloseIntake }

func (c *CloseIntake) walk(w *wire.Coder) {
	w.Text(&c.Tenant, maxNameBytes, "tenant")
	w.Millis(&c.UntilMS, "until")
	w.Text(&c.Reason, maxReasonBytes, "reason")
}

func (c *CloseIntake) apply(t *change) *fault.Error {
	switch {
	case c.Tenant == "":
		return fault.New(fault.CodeField, "tenant: must not be empty")
	case c.UntilMS <= t.nowMS:
		return fault.New(fault.CodeField, "until: is over already")
	}
	if q := t.quarantine[tenantKey(c.Tenant)]; q != nil && q.UntilMS < c.UntilMS {
		delete(t.quarantine, q.key()) // the longer one replaces it
	}
	return t.quarantined(&Quarantine{Kind: ClosedTenant, Subject: c.Tenant, Reason: c.Reason, UntilMS: c.UntilMS})
}

// LiftQuarantine removes an entry.
type LiftQuarantine struct {
	Header
	Kind    QuarantineKind
	Subject string
	Tenant  string
}

func (*LiftQuarantine) kind() kind { return kindLiftQuarantine }

func (c *LiftQuarantine) walk(w *wire.Coder) {
	wire.Enum(w, &c.Kind, QuarantinedSpec, ClosedTenant, "kind")
	w.Text(&c.Subject, maxDeviceBytes, "subject")
	w.Text(&c.Tenant, maxNameBytes, "tenant")
}

func (c *LiftQuarantine) apply(t *change) *fault.Error {
	k := quarantineKey{c.Kind, c.Subject, c.Tenant}
	if t.quarantine[k] == nil {
		return fault.New(fault.CodeNoEntry, "no %s %q is quarantined", c.Kind, c.Subject)
	}
	delete(t.quarantine, k)
	t.event(Event{Kind: QuarantineChanged})
	return nil
}

// makeRoom forgets the oldest quarantined spec of a tenant that has too many, so that a
// tenant can fill only its own part of the list.
func (t *change) makeRoom(tenant string) {
	var oldest *Quarantine
	count := 0
	for _, q := range t.quarantine { // any order: an index has one entry
		if q.Kind == QuarantinedSpec && q.Tenant == tenant {
			count++
			if oldest == nil || q.Index < oldest.Index {
				oldest = q
			}
		}
	}
	if count >= maxQuarantinePerTenant {
		delete(t.quarantine, oldest.key())
	}
}

// quarantined adds an entry. One that exists stays as it is.
func (t *change) quarantined(q *Quarantine) *fault.Error {
	if t.quarantine[q.key()] != nil {
		return nil
	}
	if len(t.quarantine) >= maxQuarantine {
		return fault.New(fault.CodeTooBig, "%d entries in quarantine at most", maxQuarantine)
	}
	q.By, q.AtMS, q.Index = t.actor, t.nowMS, t.applied
	t.quarantine[q.key()] = q
	t.event(Event{Kind: QuarantineChanged})
	return nil
}
