package fsm

import (
	"fmt"
	"slices"
)

// thaw makes a state of what was read, and refuses what no log leads to: records out of
// order or twice, and whatever CheckInvariants finds. Signatures are not verified again,
// which would take as long as the log did; the digest guards them.
func (f *Frozen) thaw() (*State, error) {
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
	// What is written again is what was read only if it had the one order.
	again := s.Freeze()
	again.sort()
	if !slices.Equal(again.jobs, f.jobs) || !slices.Equal(again.families, f.families) || !slices.Equal(again.keys, f.keys) ||
		!slices.Equal(again.validators, f.validators) || !slices.Equal(again.tokens, f.tokens) || !slices.Equal(again.members, f.members) ||
		!slices.Equal(again.revoked, f.revoked) || !slices.Equal(again.quarantine, f.quarantine) {
		return nil, fmt.Errorf("records out of order, or twice")
	}
	return s, nil
}

func collect[K comparable, V any](m map[K]V, list []V, key func(V) K) {
	for _, v := range list {
		m[key(v)] = v
	}
}
