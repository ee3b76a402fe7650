package fsm

import (
	"crypto/subtle"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm/internal/wire"
)

// Token lets one node or person join. Only the digest of its secret is known here.
type Token struct {
	ID         string
	SecretHash Digest
	Role       Role
	Tenant     string // of a validator
	ExpiresMS  int64
	CreatedBy  string
	CreatedMS  int64
	Spent      bool
	SpentBy    NodeID
	SpentMS    int64
}

func (k *Token) walk(w *wire.Coder) {
	w.Text(&k.ID, maxKeyBytes, "token")
	w.Fixed(k.SecretHash[:], "secret hash")
	wire.Enum(w, &k.Role, RoleVoter, RoleAuditor, "role")
	w.Text(&k.Tenant, maxNameBytes, "tenant")
	w.Millis(&k.ExpiresMS, "expires")
	w.Text(&k.CreatedBy, maxActorBytes, "created by")
	w.Millis(&k.CreatedMS, "created")
	w.Bool(&k.Spent, "spent")
	w.Fixed(k.SpentBy[:], "spent by")
	w.Millis(&k.SpentMS, "spent at")
}

// CreateToken makes a token that joins once.
type CreateToken struct {
	Header
	ID         string
	SecretHash Digest
	Role       Role
	Tenant     string
	ExpiresMS  int64
}

func (*CreateToken) kind() kind { return kindCreateToken }

func (c *CreateToken) walk(w *wire.Coder) {
	w.Text(&c.ID, maxKeyBytes, "token")
	w.Fixed(c.SecretHash[:], "secret hash")
	wire.Enum(w, &c.Role, RoleVoter, RoleAuditor, "role")
	w.Text(&c.Tenant, maxNameBytes, "tenant")
	w.Millis(&c.ExpiresMS, "expires")
}

func (c *CreateToken) apply(t *change) *fault.Error {
	if k := t.tokens[c.ID]; k != nil {
		if k.SecretHash == c.SecretHash && k.Role == c.Role && k.Tenant == c.Tenant {
			return nil
		}
		return fault.New(fault.CodeNameTaken, "token %s exists", c.ID)
	}
	switch {
	case c.ID == "":
		return fault.New(fault.CodeField, "token: must not be empty")
	case (c.Role == RoleValidator) != (c.Tenant != ""):
		return fault.New(fault.CodeField, "tenant: a validator needs one, nobody else has one")
	case c.ExpiresMS <= t.nowMS:
		return fault.New(fault.CodeField, "expires: is over already")
	case len(t.tokens) >= maxTokens:
		return fault.New(fault.CodeTooBig, "%d tokens at most: revoke some", maxTokens)
	}
	t.tokens[c.ID] = &Token{
		ID: c.ID, SecretHash: c.SecretHash, Role: c.Role, Tenant: c.Tenant, ExpiresMS: c.ExpiresMS,
		CreatedBy: t.actor, CreatedMS: t.nowMS,
	}
	t.event(Event{Kind: TokensChanged})
	return nil
}

// SpendToken joins with a token. Of all that try, the first in the log wins; it may try
// again.
type SpendToken struct {
	Header
	ID         string
	SecretHash Digest
	Node       NodeID
}

func (*SpendToken) kind() kind { return kindSpendToken }

func (c *SpendToken) walk(w *wire.Coder) {
	w.Text(&c.ID, maxKeyBytes, "token")
	w.Fixed(c.SecretHash[:], "secret hash")
	w.Fixed(c.Node[:], "node")
}

func (c *SpendToken) apply(t *change) *fault.Error {
	k := t.tokens[c.ID]
	if k == nil || subtle.ConstantTimeCompare(k.SecretHash[:], c.SecretHash[:]) != 1 {
		return fault.New(fault.CodeToken, "no such token")
	}
	switch {
	case t.revoked[c.Node] != nil:
		return fault.New(fault.CodeRevoked, "node %s", c.Node)
	case k.Spent && k.SpentBy != c.Node:
		return fault.New(fault.CodeTokenSpent, "token %s", c.ID)
	case k.Spent:
	case t.nowMS >= k.ExpiresMS:
		return fault.New(fault.CodeTokenExpired, "token %s", c.ID)
	default:
		next := *k
		next.Spent, next.SpentBy, next.SpentMS = true, c.Node, t.nowMS
		t.tokens[c.ID] = &next
		t.event(Event{Kind: TokensChanged})
	}
	spent := *t.tokens[c.ID]
	t.result.Token = &spent
	return nil
}

// RevokeToken removes a token.
type RevokeToken struct {
	Header
	ID string
}

func (*RevokeToken) kind() kind { return kindRevokeToken }

func (c *RevokeToken) walk(w *wire.Coder) { w.Text(&c.ID, maxKeyBytes, "token") }

func (c *RevokeToken) apply(t *change) *fault.Error {
	if t.tokens[c.ID] == nil {
		return fault.New(fault.CodeNoEntry, "token %s", c.ID)
	}
	delete(t.tokens, c.ID)
	t.event(Event{Kind: TokensChanged})
	return nil
}
