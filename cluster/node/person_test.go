package node

import (
	"testing"

	"rpp-node/cluster/api"
	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	"rpp-node/cluster/identity"
)

// TestFirstOperatorRenews: nobody else could let anybody in when its certificate has ended.
func TestFirstOperatorRenews(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for an election")
	}
	f := newFounder(t)
	n := f.open(t)
	leading(t, n)
	c, err := identity.OpenDir(identity.OS, layout(OperatorDir(f.config.Node.Data)).identity()).Load("test")
	if err != nil {
		t.Fatal(err)
	}
	csr, err := identity.NewCSR(c.Key())
	if err != nil {
		t.Fatal(err)
	}
	resp, err := peerService{n}.Renew(t.Context(), api.Caller{Identity: c.Identity()}, &internalv1.RenewRequest{Csr: csr})
	if err != nil {
		t.Fatal(err)
	}
	chain, err := identity.ParseChain(resp.Chain)
	if err != nil {
		t.Fatal(err)
	}
	if id, err := n.verifier.Client(chain); err != nil || id.ID != c.Identity().ID || id.Role != identity.Operator {
		t.Errorf("renewed as %v: %v", id, err)
	}
}
