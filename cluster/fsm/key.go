package fsm

import (
	"cmp"
	"slices"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm/internal/wire"
)

// Family is a circuit family: the epoch of its keys, and whether it may be used.
type Family struct {
	Name      string
	Epoch     uint64 // from 1
	RotatedMS int64  // 0 before the first rotation
	Frozen    bool
	Reason    string // of the freeze
	FrozenMS  int64
}

// Key is a variant's key of one epoch.
type Key struct {
	VariantID
	Epoch          uint64
	Fingerprint    Digest
	VerifyingBlob  Digest
	VerifyingBytes uint64
	ProvingBlob    Digest
	ProvingBytes   uint64
	Build          string // that derived it
	PutMS          int64
	GraceUntilMS   int64 // of a former epoch: submits are accepted until then
}

func (f *Family) walk(w *wire.Coder) {
	w.Text(&f.Name, maxNameBytes, "family")
	w.U64(&f.Epoch, "epoch")
	w.Millis(&f.RotatedMS, "rotated")
	w.Bool(&f.Frozen, "frozen")
	w.Text(&f.Reason, maxReasonBytes, "reason")
	w.Millis(&f.FrozenMS, "frozen at")
}

func (k *Key) walk(w *wire.Coder) {
	k.VariantID.walk(w)
	w.U64(&k.Epoch, "epoch")
	w.Fixed(k.Fingerprint[:], "fingerprint")
	w.Fixed(k.VerifyingBlob[:], "verifying blob")
	w.U64(&k.VerifyingBytes, "verifying bytes")
	w.Fixed(k.ProvingBlob[:], "proving blob")
	w.U64(&k.ProvingBytes, "proving bytes")
	w.Text(&k.Build, maxBuildBytes, "build")
	w.Millis(&k.PutMS, "put")
	w.Millis(&k.GraceUntilMS, "grace until")
}

// PutKey registers a variant's key in the family's present epoch. The first derivation
// wins: keys are deterministic, so another one is a mismatch to be looked into.
type PutKey struct {
	Header
	VariantID
	Fingerprint    Digest
	VerifyingBlob  Digest
	VerifyingBytes uint64
	ProvingBlob    Digest
	ProvingBytes   uint64
	Build          string
}

func (*PutKey) kind() kind { return kindPutKey }

func (c *PutKey) walk(w *wire.Coder) {
	c.VariantID.walk(w)
	w.Fixed(c.Fingerprint[:], "fingerprint")
	w.Fixed(c.VerifyingBlob[:], "verifying blob")
	w.U64(&c.VerifyingBytes, "verifying bytes")
	w.Fixed(c.ProvingBlob[:], "proving blob")
	w.U64(&c.ProvingBytes, "proving bytes")
	w.Text(&c.Build, maxBuildBytes, "build")
}

func (c *PutKey) apply(t *change) *fault.Error {
	if c.Family == "" || c.Variant == "" || c.Profile == "" || c.Hash == "" {
		return fault.New(fault.CodeField, "key %s: family, variant, profile and hash must not be empty", c.VariantID)
	}
	f := t.families[c.Family]
	if f == nil && len(t.families) >= maxFamilies {
		return fault.New(fault.CodeTooBig, "%d families at most", maxFamilies)
	}
	list := t.keys[c.VariantID]
	if len(list) == 0 && len(t.keys) >= maxVariants {
		return fault.New(fault.CodeTooBig, "%d variants at most", maxVariants)
	}
	epoch := uint64(1)
	if f != nil {
		epoch = f.Epoch
	}
	if k := newest(list); k != nil && k.Epoch == epoch {
		sameBlobs := k.VerifyingBlob == c.VerifyingBlob && k.ProvingBlob == c.ProvingBlob
		if k.Fingerprint != c.Fingerprint || k.Build == c.Build && !sameBlobs {
			return fault.New(fault.CodeKeyChanged, "key %s of epoch %d was derived by build %q as %s", c.VariantID, epoch, k.Build, k.Fingerprint)
		}
		return nil
	}
	if len(list) >= maxEpochs {
		return fault.New(fault.CodeTooBig, "key %s: %d epochs are still in use", c.VariantID, len(list))
	}
	if f == nil {
		t.families[c.Family] = &Family{Name: c.Family, Epoch: epoch}
	}
	k := &Key{
		VariantID: c.VariantID, Epoch: epoch, Fingerprint: c.Fingerprint,
		VerifyingBlob: c.VerifyingBlob, VerifyingBytes: c.VerifyingBytes,
		ProvingBlob: c.ProvingBlob, ProvingBytes: c.ProvingBytes,
		Build: c.Build, PutMS: t.nowMS,
	}
	t.keys[c.VariantID] = append(slices.Clone(list), k)
	t.event(Event{Kind: KeysChanged})
	return nil
}

// RotateKeys begins the next epoch of a family's keys. Until a key of it is put, submits
// go on under the former ones, within their grace.
type RotateKeys struct {
	Header
	Family       string
	Epoch        uint64 // the new one
	GraceUntilMS int64
}

func (*RotateKeys) kind() kind { return kindRotateKeys }

func (c *RotateKeys) walk(w *wire.Coder) {
	w.Text(&c.Family, maxNameBytes, "family")
	w.U64(&c.Epoch, "epoch")
	w.Millis(&c.GraceUntilMS, "grace until")
}

func (c *RotateKeys) apply(t *change) *fault.Error {
	f := t.families[c.Family]
	switch {
	case f == nil:
		return fault.New(fault.CodeNoEntry, "family %q has no keys", c.Family)
	case f.Epoch == c.Epoch && f.RotatedMS > 0:
		return nil
	case f.Epoch+1 != c.Epoch:
		return fault.New(fault.CodeKeyEpoch, "family %s is in epoch %d: %d does not follow", c.Family, f.Epoch, c.Epoch)
	}
	next := *f
	next.Epoch, next.RotatedMS = c.Epoch, max(1, t.nowMS)
	t.families[c.Family] = &next
	until := max(1, c.GraceUntilMS) // 0 would mean that the key is current
	for id, list := range t.keys {  // any order: each variant for itself
		if id.Family != c.Family {
			continue
		}
		list = slices.Clone(list)
		for i, k := range list {
			if k.GraceUntilMS == 0 {
				former := *k
				former.GraceUntilMS = until
				list[i] = &former
			}
		}
		t.keys[id] = list
	}
	t.event(Event{Kind: KeysChanged})
	return nil
}

// FreezeFamily stops submits and releases of a family at once.
type FreezeFamily struct {
	Header
	Family string
	Reason string
}

func (*FreezeFamily) kind() kind { return kindFreezeFamily }

func (c *FreezeFamily) walk(w *wire.Coder) {
	w.Text(&c.Family, maxNameBytes, "family")
	w.Text(&c.Reason, maxReasonBytes, "reason")
}

func (c *FreezeFamily) apply(t *change) *fault.Error {
	next := Family{Name: c.Family, Epoch: 1}
	if f := t.families[c.Family]; f != nil {
		next = *f
	} else if c.Family == "" {
		return fault.New(fault.CodeField, "family: must not be empty")
	} else if len(t.families) >= maxFamilies {
		return fault.New(fault.CodeTooBig, "%d families at most", maxFamilies)
	}
	if next.Frozen {
		return nil
	}
	next.Frozen, next.Reason, next.FrozenMS = true, c.Reason, t.nowMS
	t.families[c.Family] = &next
	t.event(Event{Kind: KeysChanged})
	return nil
}

// UnfreezeFamily takes a freeze back.
type UnfreezeFamily struct {
	Header
	Family string
}

func (*UnfreezeFamily) kind() kind { return kindUnfreezeFamily }

func (c *UnfreezeFamily) walk(w *wire.Coder) { w.Text(&c.Family, maxNameBytes, "family") }

func (c *UnfreezeFamily) apply(t *change) *fault.Error {
	f := t.families[c.Family]
	if f == nil {
		return fault.New(fault.CodeNoEntry, "family %q", c.Family)
	}
	if !f.Frozen {
		return nil
	}
	next := *f
	next.Frozen, next.Reason, next.FrozenMS = false, "", 0
	t.families[c.Family] = &next
	t.event(Event{Kind: KeysChanged})
	return nil
}

func compareVariants(a, b VariantID) int {
	return cmp.Or(cmp.Compare(a.Family, b.Family), cmp.Compare(a.Variant, b.Variant),
		cmp.Compare(a.Profile, b.Profile), cmp.Compare(a.Hash, b.Hash))
}

func compareKeys(a, b *Key) int {
	return cmp.Or(compareVariants(a.VariantID, b.VariantID), cmp.Compare(a.Epoch, b.Epoch))
}

func newest(list []*Key) *Key {
	if len(list) == 0 {
		return nil
	}
	return list[len(list)-1]
}

func (s *State) notFrozen(family string) *fault.Error {
	if f := s.families[family]; f != nil && f.Frozen {
		return fault.New(fault.CodeFrozen, "family %s is frozen: %s", family, f.Reason)
	}
	return nil
}

// graceOver says that a key belongs to a former epoch and new jobs may not use it.
func (s *State) graceOver(k *Key) bool {
	return k.GraceUntilMS != 0 && k.GraceUntilMS <= s.nowMS
}

// currentEpoch asks whether new jobs may use that key. A variant that the state does not
// know yet has any.
func (s *State) currentEpoch(id VariantID, fingerprint Digest) *fault.Error {
	list, known := s.keys[id]
	if !known {
		return nil
	}
	for _, k := range list {
		if k.Fingerprint == fingerprint && !s.graceOver(k) {
			return nil
		}
	}
	return fault.New(fault.CodeKeyEpoch, "key %s of %s is not current", fingerprint, id)
}
