package fsm

import (
	"bytes"
	"slices"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm/internal/wire"
)

// Validator is a validator of the chain with the roots of its index-based VRF.
type Validator struct {
	ID            ValidatorID
	Registrations []Registration // by epoch, the latest few
}

// Registration is a root that was registered in an epoch. It serves from two epochs
// later until a later one does, so it is fixed before that epoch's randomness is known.
type Registration struct {
	Epoch     uint64
	PublicKey []byte // in the chain's own scheme
	VRFRoot   Digest
	Revoked   bool
	Reason    string
}

// servesAfter is how many epochs after its registration a root serves.
const servesAfter = 2

// Serving is the registration that serves in an epoch. A revoked one serves no more, and
// no earlier one takes its place.
func (v *Validator) Serving(epoch uint64) (Registration, bool) {
	for i := len(v.Registrations) - 1; i >= 0; i-- {
		if r := v.Registrations[i]; r.Epoch <= epoch && epoch-r.Epoch >= servesAfter {
			r.PublicKey = slices.Clone(r.PublicKey)
			return r, !r.Revoked
		}
	}
	return Registration{}, false
}

func (v *Validator) clone() *Validator {
	c := Validator{ID: v.ID, Registrations: slices.Clone(v.Registrations)}
	for i := range c.Registrations {
		c.Registrations[i].PublicKey = slices.Clone(c.Registrations[i].PublicKey)
	}
	return &c
}

func (v *Validator) walk(w *wire.Coder) {
	w.Fixed(v.ID[:], "validator")
	wire.List(w, &v.Registrations, maxRegistrations, "registrations", func(r *Registration) {
		w.U64(&r.Epoch, "epoch")
		w.Bytes(&r.PublicKey, maxPublicBytes, "public key")
		w.Fixed(r.VRFRoot[:], "vrf root")
		w.Bool(&r.Revoked, "revoked")
		w.Text(&r.Reason, maxReasonBytes, "reason")
	})
}

// RegisterValidator registers a validator's root in an epoch.
type RegisterValidator struct {
	Header
	ID        ValidatorID
	PublicKey []byte
	VRFRoot   Digest
	Epoch     uint64
}

func (*RegisterValidator) kind() kind { return kindRegisterValidator }

func (c *RegisterValidator) walk(w *wire.Coder) {
	w.Fixed(c.ID[:], "validator")
	w.Bytes(&c.PublicKey, maxPublicBytes, "public key")
	w.Fixed(c.VRFRoot[:], "vrf root")
	w.U64(&c.Epoch, "epoch")
}

func (c *RegisterValidator) apply(t *change) *fault.Error {
	next := &Validator{ID: c.ID}
	if v := t.validators[c.ID]; v != nil {
		next.Registrations = slices.Clone(v.Registrations)
		last := v.Registrations[len(v.Registrations)-1]
		switch {
		case last.Epoch == c.Epoch && last.VRFRoot == c.VRFRoot && bytes.Equal(last.PublicKey, c.PublicKey):
			return nil
		case c.Epoch <= last.Epoch:
			return fault.New(fault.CodeField, "epoch %d: validator %s registered a root in epoch %d", c.Epoch, c.ID, last.Epoch)
		}
	} else if len(t.validators) >= maxValidators {
		return fault.New(fault.CodeTooBig, "%d validators at most", maxValidators)
	}
	if len(c.PublicKey) == 0 {
		return fault.New(fault.CodeField, "public key: must not be empty")
	}
	next.Registrations = append(next.Registrations, Registration{Epoch: c.Epoch, PublicKey: bytes.Clone(c.PublicKey), VRFRoot: c.VRFRoot})
	if extra := len(next.Registrations) - maxRegistrations; extra > 0 {
		next.Registrations = next.Registrations[extra:]
	}
	t.validators[c.ID] = next
	t.event(Event{Kind: ValidatorsChanged})
	return nil
}

// RevokeVRFRoot ends a root at once, for good.
type RevokeVRFRoot struct {
	Header
	ID      ValidatorID
	VRFRoot Digest
	Reason  string
}

func (*RevokeVRFRoot) kind() kind { return kindRevokeVRFRoot }

func (c *RevokeVRFRoot) walk(w *wire.Coder) {
	w.Fixed(c.ID[:], "validator")
	w.Fixed(c.VRFRoot[:], "vrf root")
	w.Text(&c.Reason, maxReasonBytes, "reason")
}

func (c *RevokeVRFRoot) apply(t *change) *fault.Error {
	v := t.validators[c.ID]
	if v == nil {
		return fault.New(fault.CodeNoEntry, "validator %s", c.ID)
	}
	next := &Validator{ID: v.ID, Registrations: slices.Clone(v.Registrations)}
	found, changed := false, false
	for i := range next.Registrations {
		if r := &next.Registrations[i]; r.VRFRoot == c.VRFRoot {
			found = true
			if !r.Revoked {
				r.Revoked, r.Reason, changed = true, c.Reason, true
			}
		}
	}
	if !found {
		return fault.New(fault.CodeNoEntry, "validator %s registered no such root", c.ID)
	}
	if changed {
		t.validators[c.ID] = next
		t.event(Event{Kind: ValidatorsChanged})
	}
	return nil
}
