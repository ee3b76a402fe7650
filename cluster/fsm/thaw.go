package fsm

import (
	"errors"
	"fmt"
	"slices"
)

// thaw makes a state of what was read, and refuses what no log leads to: records out of
// order or twice, and whatever CheckInvariants would find. Signatures are not verified
// again, which would take as long as the log did; the digest guards them.
func (f *Frozen) thaw() (*State, error) {
	if !f.sorted() {
		return nil, errors.New("records out of order, or twice")
	}
	s := New(f.cluster)
	s.applied, s.nowMS, s.config = f.applied, f.nowMS, f.config
	s.voters, s.totals, s.keyring = f.voters, f.totals, f.keyring
	for _, k := range f.keys {
		s.keys[k.VariantID] = append(s.keys[k.VariantID], k)
	}
	collect(s.families, f.families, func(v *Family) string { return v.Name })
	collect(s.validators, f.validators, func(v *Validator) ValidatorID { return v.ID })
	collect(s.tokens, f.tokens, func(v *Token) string { return v.ID })
	collect(s.members, f.members, func(v *Member) NodeID { return v.ID })
	collect(s.revoked, f.revoked, func(v *Revocation) NodeID { return v.ID })
	collect(s.quarantine, f.quarantine, (*Quarantine).key)
	for _, j := range f.jobs {
		if s.jobs[j.ID] != nil {
			return nil, fmt.Errorf("job %s stands twice", j.ID)
		}
		s.replace(nil, j)
	}
	slices.SortFunc(s.ended.entries, compareEntries)
	if err := s.checkStructure(); err != nil {
		return nil, err
	}
	return s, nil
}

func collect[K comparable, V any](m map[K]V, list []V, key func(V) K) {
	for _, v := range list {
		m[key(v)] = v
	}
}
