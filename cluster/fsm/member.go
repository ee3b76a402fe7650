package fsm

import (
	"bytes"
	"crypto/ed25519"
	"slices"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm/internal/wire"
)

// Member is a node, or a person, that has joined.
type Member struct {
	ID             NodeID
	Name           string // unique
	Role           Role
	Tenant         string
	PublicKey      []byte // SPKI, DER
	APIAddress     string
	GossipAddress  string
	Version        string
	JoinedMS       int64
	Draining       bool
	CommandVersion uint32 // that it announced, 0 before
	AuditSequence  uint64 // of its audit chain's latest anchor
	AuditHead      Digest
	AuditMS        int64
}

// Revocation is a node that was removed, for good.
type Revocation struct {
	ID   NodeID
	Name string
	By   string
	AtMS int64
}

// spkiPrefix begins the SPKI of every Ed25519 key (RFC 8410).
var spkiPrefix = []byte{0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00}

// SPKI is the encoding of a node's public key whose digest is its name.
func SPKI(key ed25519.PublicKey) []byte { return append(bytes.Clone(spkiPrefix), key...) }

func ed25519Key(spki []byte) (key [32]byte, ok bool) {
	raw, ok := bytes.CutPrefix(spki, spkiPrefix)
	if !ok || len(raw) != len(key) {
		return key, false
	}
	return [32]byte(raw), true
}

func (m *Member) clone() *Member {
	c := *m
	c.PublicKey = bytes.Clone(m.PublicKey)
	return &c
}

// equal compares encodings, which have every field.
func (m *Member) equal(o *Member) bool {
	a, b := wire.NewWriter(), wire.NewWriter()
	m.walk(a)
	o.walk(b)
	return bytes.Equal(a.Written(), b.Written())
}

func (m *Member) walk(w *wire.Coder) {
	w.Fixed(m.ID[:], "node")
	w.Text(&m.Name, maxNameBytes, "name")
	wire.Enum(w, &m.Role, RoleVoter, RoleAuditor, "role")
	w.Text(&m.Tenant, maxNameBytes, "tenant")
	w.Bytes(&m.PublicKey, maxSPKIBytes, "public key")
	w.Text(&m.APIAddress, maxAddressBytes, "api address")
	w.Text(&m.GossipAddress, maxAddressBytes, "gossip address")
	w.Text(&m.Version, maxBuildBytes, "version")
	w.Millis(&m.JoinedMS, "joined")
	w.Bool(&m.Draining, "draining")
	w.U32(&m.CommandVersion, "command version")
	w.U64(&m.AuditSequence, "audit sequence")
	w.Fixed(m.AuditHead[:], "audit head")
	w.Millis(&m.AuditMS, "audit time")
}

func (r *Revocation) walk(w *wire.Coder) {
	w.Fixed(r.ID[:], "node")
	w.Text(&r.Name, maxNameBytes, "name")
	w.Text(&r.By, maxActorBytes, "by")
	w.Millis(&r.AtMS, "at")
}

// PutMember adds a member, or changes what is known of it. Its first public key is the
// one that its name is the digest of; a later one may differ.
type PutMember struct {
	Header
	NodeID        NodeID
	Name          string
	Role          Role
	Tenant        string
	PublicKey     []byte // SPKI, DER
	APIAddress    string
	GossipAddress string
	Version       string
}

func (*PutMember) kind() kind { return kindPutMember }

func (c *PutMember) walk(w *wire.Coder) {
	w.Fixed(c.NodeID[:], "node")
	w.Text(&c.Name, maxNameBytes, "name")
	wire.Enum(w, &c.Role, RoleVoter, RoleAuditor, "role")
	w.Text(&c.Tenant, maxNameBytes, "tenant")
	w.Bytes(&c.PublicKey, maxSPKIBytes, "public key")
	w.Text(&c.APIAddress, maxAddressBytes, "api address")
	w.Text(&c.GossipAddress, maxAddressBytes, "gossip address")
	w.Text(&c.Version, maxBuildBytes, "version")
}

func (c *PutMember) apply(t *change) *fault.Error {
	if t.revoked[c.NodeID] != nil {
		return fault.New(fault.CodeRevoked, "node %s", c.NodeID)
	}
	old := t.members[c.NodeID]
	_, isEd25519 := ed25519Key(c.PublicKey)
	switch {
	case c.Name == "":
		return fault.New(fault.CodeField, "name: must not be empty")
	case (c.Role == RoleValidator) != (c.Tenant != ""):
		return fault.New(fault.CodeField, "tenant: a validator needs one, nobody else has one")
	case c.Role == RoleVoter && !isEd25519:
		return fault.New(fault.CodeField, "public key: a voter needs an Ed25519 key")
	case old == nil && NodeIDOf(c.PublicKey) != c.NodeID:
		return fault.New(fault.CodeField, "public key: node %s is named after another", c.NodeID)
	case old == nil && len(t.members) >= maxMembers:
		return fault.New(fault.CodeTooBig, "%d members at most: remove some", maxMembers)
	}
	for id, m := range t.members { // any order: names are unique
		if m.Name == c.Name && id != c.NodeID {
			return fault.New(fault.CodeNameTaken, "name %q is node %s", c.Name, id)
		}
	}
	next := &Member{JoinedMS: t.nowMS}
	if old != nil {
		*next = *old
	}
	next.ID, next.Name, next.Role, next.Tenant = c.NodeID, c.Name, c.Role, c.Tenant
	next.PublicKey = bytes.Clone(c.PublicKey)
	next.APIAddress, next.GossipAddress, next.Version = c.APIAddress, c.GossipAddress, c.Version
	if old == nil || !next.equal(old) {
		t.members[c.NodeID] = next
		t.event(Event{Kind: MembersChanged})
	}
	return nil
}

// RemoveMember removes a member and revokes it for good.
type RemoveMember struct {
	Header
	NodeID NodeID
}

func (*RemoveMember) kind() kind { return kindRemoveMember }

func (c *RemoveMember) walk(w *wire.Coder) { w.Fixed(c.NodeID[:], "node") }

func (c *RemoveMember) apply(t *change) *fault.Error {
	m := t.members[c.NodeID]
	switch {
	case t.revoked[c.NodeID] != nil:
		return nil
	case m == nil:
		return fault.New(fault.CodeNoMember, "node %s", c.NodeID)
	case len(t.voters) == 1 && slices.Contains(t.voters, c.NodeID):
		return fault.New(fault.CodeLastVoter, "node %s is the only voter", m.Name)
	case len(t.revoked) >= maxRevoked:
		return fault.New(fault.CodeTooBig, "%d removed nodes at most", maxRevoked)
	}
	delete(t.members, c.NodeID)
	t.revoked[c.NodeID] = &Revocation{ID: c.NodeID, Name: m.Name, By: t.actor, AtMS: t.nowMS}
	t.event(Event{Kind: MembersChanged})
	return nil
}

// Drain stops a node from getting new work, or takes that back.
type Drain struct {
	Header
	NodeID   NodeID
	Draining bool
}

func (*Drain) kind() kind { return kindDrain }

func (c *Drain) walk(w *wire.Coder) {
	w.Fixed(c.NodeID[:], "node")
	w.Bool(&c.Draining, "draining")
}

func (c *Drain) apply(t *change) *fault.Error {
	return t.editMember(c.NodeID, func(m *Member) *fault.Error {
		m.Draining = c.Draining
		return nil
	})
}

// AnnounceVersion says which commands a node can apply.
type AnnounceVersion struct {
	Header
	NodeID         NodeID
	CommandVersion uint32
}

func (*AnnounceVersion) kind() kind { return kindAnnounceVersion }

func (c *AnnounceVersion) walk(w *wire.Coder) {
	w.Fixed(c.NodeID[:], "node")
	w.U32(&c.CommandVersion, "command version")
}

func (c *AnnounceVersion) apply(t *change) *fault.Error {
	return t.editMember(c.NodeID, func(m *Member) *fault.Error {
		m.CommandVersion = c.CommandVersion
		return nil
	})
}

// AuditAnchor fixes the head of a node's audit chain, which it cannot rewrite afterwards
// without being found out.
type AuditAnchor struct {
	Header
	NodeID   NodeID
	Sequence uint64
	Head     Digest
}

func (*AuditAnchor) kind() kind { return kindAuditAnchor }

func (c *AuditAnchor) walk(w *wire.Coder) {
	w.Fixed(c.NodeID[:], "node")
	w.U64(&c.Sequence, "sequence")
	w.Fixed(c.Head[:], "head")
}

func (c *AuditAnchor) apply(t *change) *fault.Error {
	return t.editMember(c.NodeID, func(m *Member) *fault.Error {
		switch {
		case c.Sequence == m.AuditSequence && c.Head == m.AuditHead:
			return nil
		case c.Sequence <= m.AuditSequence:
			return fault.New(fault.CodeCorrupt, "audit chain of %s: %d was anchored, with another head", m.Name, m.AuditSequence)
		}
		m.AuditSequence, m.AuditHead, m.AuditMS = c.Sequence, c.Head, t.nowMS
		return nil
	})
}

// editMember replaces a member's record if the edit changes it.
func (t *change) editMember(id NodeID, edit func(*Member) *fault.Error) *fault.Error {
	old := t.members[id]
	if old == nil {
		return fault.New(fault.CodeNoMember, "node %s", id)
	}
	next := *old
	if err := edit(&next); err != nil {
		return err
	}
	if !next.equal(old) {
		t.members[id] = &next
		t.event(Event{Kind: MembersChanged})
	}
	return nil
}
