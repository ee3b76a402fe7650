package audit

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"rpp-node/store"
)

// Any record that is altered, deleted, moved, repeated or added is found, whichever it is.
func TestVerifyFindsEveryChange(t *testing.T) {
	n := newNode(t)
	const count = 40
	n.append(count)
	if got := n.faults(); got != nil {
		t.Fatalf("clean: %v", got)
	}
	raw := make([][]byte, count+1)
	for i := 1; i <= count; i++ {
		b, err := n.db.Get(recordKey(uint64(i)))
		if err != nil {
			t.Fatal(err)
		}
		raw[i] = b
	}
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.IntRange(1, count).Draw(t, "record")
		other := (at + rapid.IntRange(1, count-1).Draw(t, "distance") - 1) % count
		other++
		if other == at {
			t.Skip("the same")
		}
		batch := n.db.NewBatch()
		how := rapid.SampledFrom([]string{"delete", "flip", "cut", "swap", "repeat", "forge", "add", "delete to the end", "shift"}).Draw(t, "how")
		switch how {
		case "delete":
			batch.Delete(recordKey(uint64(at)))
		case "flip":
			b := append([]byte(nil), raw[at]...)
			b[rapid.IntRange(0, len(b)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			batch.Set(recordKey(uint64(at)), b)
		case "cut":
			batch.Set(recordKey(uint64(at)), raw[at][:rapid.IntRange(0, len(raw[at])-1).Draw(t, "length")])
		case "swap":
			batch.Set(recordKey(uint64(at)), raw[other])
			batch.Set(recordKey(uint64(other)), raw[at])
		case "repeat":
			batch.Set(recordKey(uint64(at)), raw[other])
		case "forge": // altered, with a fresh digest, in its place in the chain
			r, err := decodeRecord(raw[at])
			if err != nil {
				t.Fatal(err)
			}
			r.Actor = "somebody else"
			batch.Set(recordKey(uint64(at)), r.seal())
		case "add":
			batch.Set(recordKey(uint64(count+at)), raw[at])
		case "delete to the end":
			batch.DeleteRange(recordKey(uint64(at)), recordKey(count+1))
		case "shift": // one is missing and the others close the gap
			for i := at; i < count; i++ {
				batch.Set(recordKey(uint64(i)), raw[i+1])
			}
			batch.Delete(recordKey(count))
		}
		if err := batch.Commit(false); err != nil {
			t.Fatal(err)
		}
		found := 0
		err := n.Verify(1, 0, func(Fault) bool { found++; return true })
		if err != nil || found == 0 {
			t.Errorf("%s at %d: %d faults, %v", how, at, found, err)
		}
		repair := n.db.NewBatch()
		repair.DeleteRange(recordKey(1), tableEnd())
		for i := 1; i <= count; i++ {
			repair.Set(recordKey(uint64(i)), raw[i])
		}
		if err := repair.Commit(false); err != nil {
			t.Fatal(err)
		}
	})
}

// rewrite makes the log again from a record on, as someone would who can write to the
// disk: every digest and the head fit, and only an anchor tells.
func (n *node) rewrite(from uint64, change func(*Record) (keep bool)) {
	n.t.Helper()
	all, err := n.Scan(1, MaxScanCount)
	if err != nil {
		n.t.Fatal(err)
	}
	var head Head
	batch := n.db.NewBatch()
	batch.DeleteRange(recordKey(1), tableEnd())
	for _, r := range all {
		if r.Sequence >= from && !change(&r) {
			continue
		}
		r.Sequence, r.Previous = head.Sequence+1, head.Digest
		batch.Set(recordKey(r.Sequence), r.seal())
		head = Head{r.Sequence, r.Digest}
	}
	batch.Set(headKey, head.encode())
	if err := batch.Commit(true); err != nil {
		n.t.Fatal(err)
	}
	if err := n.reopen(); err != nil {
		n.t.Fatal(err)
	}
}

func TestVerifyAgainst(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(r *Record) bool
		want   FaultKind
	}{
		{"altered", func(r *Record) bool {
			if r.Sequence == 4 {
				r.Actor = "somebody else"
			}
			return true
		}, Forked},
		{"one deleted", func(r *Record) bool { return r.Sequence != 4 }, Forked},
		{"end deleted", func(r *Record) bool { return r.Sequence < 4 }, CutOff},
		{"all deleted", func(r *Record) bool { return false }, CutOff},
		{"clean", func(*Record) bool { return true }, 0},
	} {
		n := newNode(t)
		n.append(6)
		anchor := n.Head()
		n.append(3)
		if c.name == "all deleted" {
			batch := n.db.NewBatch()
			batch.DeleteRange(recordKey(1), tableEnd())
			batch.Delete(headKey)
			if err := batch.Commit(true); err != nil {
				t.Fatal(err)
			}
			if err := n.reopen(); err != nil {
				t.Fatal(err)
			}
		} else {
			n.rewrite(4, c.change)
		}
		if got := n.faults(); got != nil {
			t.Errorf("%s: the chain itself: %v", c.name, got)
		}
		var got []FaultKind
		if err := n.VerifyAgainst(anchor, func(f Fault) bool { got = append(got, f.Kind); return true }); err != nil {
			t.Fatal(err)
		}
		if c.want == 0 && got != nil || c.want != 0 && (len(got) != 1 || got[0] != c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if err := n.VerifyAgainst(Head{}, func(f Fault) bool { t.Errorf("%s: no anchor: %v", c.name, f); return true }); err != nil {
			t.Fatal(err)
		}
	}
}

func TestVerifyRange(t *testing.T) {
	n := newNode(t)
	n.append(10)
	batch := n.db.NewBatch()
	batch.Delete(recordKey(3))
	batch.Delete(recordKey(7))
	if err := batch.Commit(true); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		from, to uint64
		want     []uint64
	}{{1, 0, []uint64{3, 7}}, {1, 2, nil}, {4, 6, nil}, {4, 7, []uint64{7}}, {8, 0, nil}, {1, 1 << 60, []uint64{3, 7, 11}}} {
		var got []uint64
		err := n.Verify(c.from, c.to, func(f Fault) bool { got = append(got, f.Sequence); return true })
		if err != nil || len(got) != len(c.want) {
			t.Errorf("%d to %d: %v, %v, want %v", c.from, c.to, got, err, c.want)
		}
	}
	calls := 0
	if err := n.Verify(1, 0, func(Fault) bool { calls++; return false }); err != nil || calls != 1 {
		t.Errorf("told to stop: %d calls, %v", calls, err)
	}
	if _, err := n.Scan(1, 10); !errors.Is(err, ErrNotFound) {
		t.Errorf("scan over a gap: %v", err)
	}
	if err := n.db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := n.Verify(1, 0, func(Fault) bool { return true }); !errors.Is(err, store.ErrClosed) {
		t.Errorf("closed store: %v", err)
	}
}
