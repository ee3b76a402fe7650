package worker

import (
	"cmp"
	"fmt"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
)

// Fence names a lease. Later leases have larger ones.
type Fence struct{ Term, Sequence uint64 }

func (f Fence) String() string { return fmt.Sprintf("%d.%d", f.Term, f.Sequence) }

// Compare orders fences by term, then sequence.
func (f Fence) Compare(g Fence) int {
	return cmp.Or(cmp.Compare(f.Term, g.Term), cmp.Compare(f.Sequence, g.Sequence))
}

func fenceOf(m *internalv1.Fence) Fence { return Fence{m.GetTerm(), m.GetSequence()} }

func (f Fence) message() *internalv1.Fence {
	return &internalv1.Fence{Term: f.Term, Sequence: f.Sequence}
}
