package release

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"rpp-node/cluster/fsm"
)

func id(n byte) fsm.NodeID { return fsm.NodeID{n} }

func ids(n int) []fsm.NodeID {
	var list []fsm.NodeID
	for i := range n {
		list = append(list, id(byte(i+1)))
	}
	return list
}

func TestQuorum(t *testing.T) {
	const outsider = 99
	for _, c := range []struct {
		name      string
		voters    int
		assembler byte
		signed    []byte
		rejected  []byte
		want      Verdict
	}{
		{"one voter that assembled", 1, 1, []byte{1}, nil, Released},
		{"one of three", 3, outsider, []byte{1}, nil, Pending},
		{"two of three", 3, outsider, []byte{1, 2}, nil, Released},
		{"two of three, one assembled", 3, 1, []byte{1, 2}, nil, Released},
		{"two of four", 4, outsider, []byte{1, 2}, nil, Pending},
		{"an outsider does not count", 3, outsider, []byte{1, 50}, nil, Pending},
		{"one of three rejects", 3, outsider, []byte{2}, []byte{1}, Pending},
		{"one rejects, two sign", 3, outsider, []byte{2, 3}, []byte{1}, Released},
		{"two of three reject", 3, outsider, []byte{3}, []byte{1, 2}, Refused},
		{"two of four reject", 4, outsider, []byte{3, 4}, []byte{1, 2}, Refused},
		{"no voter is known", 0, outsider, nil, nil, Pending},
		{"the only voter rejects", 1, outsider, nil, []byte{1}, Refused},
		{"the first answer counts", 3, outsider, []byte{1, 2}, []byte{1, 2}, Released},
	} {
		g := NewGather(id(c.assembler), ids(c.voters))
		for _, v := range c.signed {
			g.Signed(fsm.Receipt{Voter: id(v)})
		}
		for _, v := range c.rejected {
			g.Rejected(id(v), "V001")
		}
		if got := g.Verdict(); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestAsksAgainLater(t *testing.T) {
	now := time.Unix(1, 0)
	g := NewGather(id(9), ids(3))
	if ask, _ := g.Next(now); len(ask) != 3 {
		t.Fatalf("asks %v, want three voters", ask)
	}
	if ask, _ := g.Next(now); len(ask) != 0 {
		t.Fatalf("asks %v while all are being asked", ask)
	}
	g.Failed(id(1), now)
	ask, wake := g.Next(now)
	if len(ask) != 0 || !wake.After(now) {
		t.Fatalf("asks %v, wakes at %v", ask, wake)
	}
	if ask, _ = g.Next(wake); len(ask) != 1 || ask[0] != (Asking{id(1), 2}) {
		t.Fatalf("asks %v, want voter 1 again", ask)
	}
	for range 40 { // the pause is bounded
		g.Failed(id(1), now)
		_, wake = g.Next(now)
		if wake.Sub(now) > retryMax || !wake.After(now) {
			t.Fatalf("pause of %v", wake.Sub(now))
		}
		now = wake
		g.Next(now)
	}
}

func TestVotersChange(t *testing.T) {
	g := NewGather(id(9), ids(3))
	g.Signed(fsm.Receipt{Voter: id(1)})
	g.Signed(fsm.Receipt{Voter: id(2)})
	g.SetVoters([]fsm.NodeID{id(2), id(4), id(5)})
	if g.Verdict() != Pending || len(g.Receipts()) != 1 {
		t.Errorf("verdict %d with %d receipts: one of the old voters is left", g.Verdict(), len(g.Receipts()))
	}
	if g.Signed(fsm.Receipt{Voter: id(4)}) != Released {
		t.Error("two of the new voters signed")
	}
}

// Whatever happens in whatever order, a release has receipts of distinct voters, a quorum.
func TestReleaseNeedsQuorum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 7).Draw(t, "voters")
		assembler := id(byte(rapid.IntRange(1, 9).Draw(t, "assembler")))
		g := NewGather(assembler, ids(n))
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			v := id(byte(rapid.IntRange(1, 9).Draw(t, "voter")))
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				g.Signed(fsm.Receipt{Voter: v})
			case 1:
				g.Rejected(v, "V001")
			case 2:
				g.Failed(v, time.Unix(1, 0))
			case 3:
				g.Next(time.Unix(1, 0))
			}
			seen, others := map[fsm.NodeID]bool{}, 0
			for _, r := range g.Receipts() {
				seen[r.Voter] = true
				if r.Voter != assembler {
					others++
				}
			}
			enough := len(seen) > n/2 && (others > 0 || n == 1)
			if (g.Verdict() == Released) != enough {
				t.Fatalf("verdict %d with receipts of %d of %d voters", g.Verdict(), len(seen), n)
			}
		}
	})
}
