package node

import (
	"os"
	"testing"

	"rpp-node/cluster/fault"
)

// TestVoterWithoutItsLogDoesNotStart: what it has voted for and acknowledged is forgotten,
// so that it must join anew.
func TestVoterWithoutItsLogDoesNotStart(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for an election")
	}
	f := newFounder(t)
	n := f.open(t)
	leading(t, n)
	n.Close()
	again := f.open(t) // with its log it starts
	leading(t, again)
	again.Close()
	if err := os.RemoveAll(layout(f.config.Node.Data).raft()); err != nil {
		t.Fatal(err)
	}
	_, err := f.tryOpen(t)
	if !fault.Is(err, fault.CodeLogLost) {
		t.Fatalf("opened without its log: %v, want %s", err, fault.CodeLogLost)
	}
}
