package identity

import "rpp-node/cluster/fault"

// ScopeOf is how far a role's right to an action reaches. The edge asks it before it
// knows whose thing a request is about; Allow must still follow.
func ScopeOf(role Role, action Action) Scope { return rights[action][role] }

// Allow says whether the caller may do it to a thing of that tenant (empty for what
// belongs to none). It does not grant what takes a lease: see AllowHolder. The caller
// has asked, or was told by the handshake, that the identity is not revoked.
func Allow(id Identity, action Action, tenant string) error {
	switch ScopeOf(id.Role, action) {
	case All:
		return nil
	case OwnTenant:
		if tenant == id.Tenant && tenant != "" {
			return nil
		}
		return fault.New(fault.CodeDenied, "%s of tenant %s may not do %s for tenant %q", id.Role, id.Tenant, action, tenant)
	case OwnLease:
		return fault.New(fault.CodeNoLease, "%s may do %s only under a lease", id.Role, action)
	}
	return denied(id, action)
}

// AllowHolder is Allow for what a lease may grant: holds says that the caller has the
// lease on the very thing.
func AllowHolder(id Identity, action Action, holds bool) error {
	switch ScopeOf(id.Role, action) {
	case All:
		return nil
	case OwnLease:
		if holds {
			return nil
		}
		return fault.New(fault.CodeNoLease, "%s %s does not hold the lease for %s", id.Role, id.ID.Short(), action)
	}
	return denied(id, action)
}

func denied(id Identity, action Action) error {
	if id.Role == Anonymous {
		return fault.New(fault.CodeUnauthenticated, "%s needs a certificate", action)
	}
	return fault.New(fault.CodeDenied, "%s may not do %s", id.Role, action)
}
