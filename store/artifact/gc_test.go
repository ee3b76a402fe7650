package artifact

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/zeebo/blake3"
)

func nothing(Digest) bool    { return false }
func everything(Digest) bool { return true }

// collectAll deletes what can be deleted, at a time when every grace and no pin is over;
// what is served is referenced.
func (n *node) collectAll() Collected {
	n.t.Helper()
	now := n.now
	n.now = now.Add(DefaultGrace)
	defer func() { n.now = now }()
	p, err := n.Plan(n.now, everything)
	if err != nil {
		n.t.Fatal(err)
	}
	done, err := n.Execute(n.t.Context(), p, everything)
	if err != nil {
		n.t.Fatal(err)
	}
	return done
}

func (n *node) reasons(now time.Time, referenced func(Digest) bool) map[Digest]Reason {
	n.t.Helper()
	p, err := n.Plan(now, referenced)
	if err != nil {
		n.t.Fatal(err)
	}
	out := map[Digest]Reason{}
	for _, item := range p.Items {
		out[item.Digest] = item.Reason
	}
	return out
}

func TestPlan(t *testing.T) {
	n := newNode(t, func(o *Options) { o.Pin = time.Minute })
	plain := n.put(Proof, bytesOf(1, 10))
	wanted := n.put(Witness, bytesOf(2, 10))
	pinned := n.put(Key, bytesOf(3, 10))
	if err := n.Pin(pinned, start.Add(3*time.Hour)); err != nil {
		t.Fatal(err)
	}
	damaged := n.put(Proof, bytesOf(4, 10))
	n.overwrite(pieceKey(damaged, 4, 0, 0), []byte("x"))
	if _, err := n.Get(damaged); !errors.Is(err, ErrCorrupt) {
		t.Fatal(err)
	}
	w := n.writer(Key, bytesOf(5, 10))
	abandoned := n.writer(Other, bytesOf(6, 10))
	n.mu.Lock()
	delete(n.live, abandoned.instance)
	n.mu.Unlock()

	referenced := func(d Digest) bool { return d == wanted }
	for _, c := range []struct {
		after time.Duration
		want  map[Digest]Reason
	}{
		{2 * time.Minute, map[Digest]Reason{abandoned.digest: Incomplete}}, // unpinned, within grace
		{DefaultGrace, map[Digest]Reason{abandoned.digest: Incomplete, damaged: SetAside, plain: Unreferenced}},
		{3 * time.Hour, map[Digest]Reason{abandoned.digest: Incomplete, damaged: SetAside, plain: Unreferenced}},
		{4 * time.Hour, map[Digest]Reason{abandoned.digest: Incomplete, damaged: SetAside, plain: Unreferenced, pinned: Unreferenced}},
	} {
		got := n.reasons(start.Add(c.after), referenced)
		if len(got) != len(c.want) {
			t.Errorf("after %v: %v, want %v", c.after, got, c.want)
		}
		for d, reason := range c.want {
			if got[d] != reason {
				t.Errorf("after %v: %v: %v, want %v", c.after, d, got[d], reason)
			}
		}
	}
	n.now = start.Add(4 * time.Hour)
	if err := w.WriteChunk(0, bytesOf(5, 10)); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	p, err := n.Plan(n.now, referenced)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []Collected{{DeletedCount: 4, DeletedBytes: 40}, {SkippedCount: 4}} {
		got, err := n.Execute(t.Context(), p, referenced)
		if err != nil || got != want {
			t.Errorf("execution %d: %+v, %v, want %+v", i, got, err, want)
		}
	}
	for d, want := range map[Digest][]byte{
		plain: nil, pinned: nil, damaged: nil, abandoned.digest: nil, wanted: bytesOf(2, 10), w.digest: bytesOf(5, 10),
	} {
		n.expect(d, want)
	}
	if got := n.tableSizes(); got[tableRecord] != 2 || got[tableChunk] != 2 || got[tableDataKey] != 1 || got[tablePin] != 2 ||
		got[tableAside] != 0 || got[tableIntent] != 0 || got[tablePlan] != 0 {
		t.Errorf("left: %v", got)
	}
}

// What has changed since the plan was made is left alone.
func TestExecuteLooksAgain(t *testing.T) {
	for name, c := range map[string]struct {
		change     func(n *node, d Digest)
		referenced func(Digest) bool
	}{
		"pinned":     {func(n *node, d Digest) { _ = n.Pin(d, n.now.Add(time.Hour)) }, nothing},
		"put again":  {func(n *node, _ Digest) { n.put(Proof, bytesOf(1, 10)) }, nothing},
		"referenced": {func(*node, Digest) {}, everything},
		"replaced": {func(n *node, d Digest) {
			n.overwrite(pieceKey(d, 1, 0, 0), []byte("x"))
			n.checkHeals(Proof, bytesOf(1, 10), "replaced")
			n.now = n.now.Add(24 * time.Hour) // the pin is over
		}, nothing},
	} {
		n := newNode(t)
		d := n.put(Proof, bytesOf(1, 10))
		n.now = start.Add(24 * time.Hour)
		p, err := n.Plan(n.now, nothing)
		if err != nil || len(p.Items) != 1 {
			t.Fatalf("%v, %v", p, err)
		}
		c.change(n, d)
		got, err := n.Execute(t.Context(), p, c.referenced)
		if err != nil || got != (Collected{SkippedCount: 1}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		n.expect(d, bytesOf(1, 10))
	}
}

// A plan that a crash interrupts is found again, and executing it again ends it.
func TestPlanSurvivesACrash(t *testing.T) {
	const count = 20
	for seed := range uint64(6) {
		rng := rand.New(rand.NewPCG(seed, 3))
		n := newNode(t)
		for i := range count {
			n.put(Kind(1+i%4), bytesOf(uint64(i), 100))
		}
		kept := n.put(Key, bytesOf(99, 100))
		n.now = start.Add(24 * time.Hour)
		referenced := func(d Digest) bool { return d == kept }
		p, err := n.Plan(n.now, referenced)
		if err != nil || len(p.Items) != count {
			t.Fatalf("%d items, %v", len(p.Items), err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		stopAt := rng.IntN(count)
		asked := 0
		_, err = n.Execute(ctx, p, func(d Digest) bool {
			if asked == stopAt {
				cancel()
			}
			asked++
			return d == kept
		})
		if !errors.Is(err, context.Canceled) && stopAt < count-1 {
			t.Fatalf("stopped at %d: %v", stopAt, err)
		}
		n.crash(rng.IntN(101), rng)
		pending, ok, err := n.PendingPlan()
		if stopAt < count-1 && (err != nil || !ok || !bytes.Equal(pending.Encode(), p.Encode())) {
			t.Fatalf("after the crash: %v, %v", ok, err)
		}
		if ok {
			if _, err := n.Execute(t.Context(), pending, referenced); err != nil {
				t.Fatal(err)
			}
		}
		n.expect(kept, bytesOf(99, 100))
		if got := n.tableSizes(); got[tableRecord] != 1 || got[tableChunk] != 1 || got[tablePin] != 1 || got[tablePlan] != 0 {
			t.Errorf("left: %v", got)
		}
		if _, ok, err := n.PendingPlan(); ok || err != nil {
			t.Errorf("pending after its end: %v, %v", ok, err)
		}
	}
}

// Instances are not used again while a plan that names them may be pending.
func TestInstancesAreNotReused(t *testing.T) {
	n := newNode(t)
	d := n.put(Proof, bytesOf(1, 10))
	n.now = start.Add(24 * time.Hour)
	p, err := n.Plan(n.now, nothing)
	if err != nil {
		t.Fatal(err)
	}
	p.Items = append(p.Items, Item{Digest: Digest{1}, Instance: 70, Kind: Other, Reason: Incomplete})
	ctx, cancel := context.WithCancel(t.Context())
	keep := func(Digest) bool { cancel(); return true }
	if _, err := n.Execute(ctx, p, keep); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	n.executing <- struct{}{} // somebody executes already, and this caller does not wait
	if _, err := n.Execute(ctx, p, nothing); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	<-n.executing
	n.expect(d, bytesOf(1, 10))
	n.reopen()
	if n.nextInstance != 71 {
		t.Errorf("next instance %d, want 71", n.nextInstance)
	}
	n.overwrite([]byte(tablePlan), []byte("damaged"))
	if _, _, err := n.PendingPlan(); !errors.Is(err, ErrPlan) {
		t.Errorf("%v", err)
	}
	n.reopen()
	if _, err := n.Execute(t.Context(), p, nothing); err != nil {
		t.Error(err)
	}
}

func TestPlanLimit(t *testing.T) {
	n := newNode(t)
	batch := n.db.NewBatch()
	for i := range MaxPlanItems + 1 {
		d := Digest{byte(i), byte(i >> 8), 1}
		batch.Set(tableIntent.instanceKey(d, 0), nil)
	}
	if err := batch.Commit(false); err != nil {
		t.Fatal(err)
	}
	p, err := n.Plan(n.now, nothing)
	if err != nil || len(p.Items) != MaxPlanItems {
		t.Fatalf("%d items, %v", len(p.Items), err)
	}
	if _, err := DecodePlan(p.Encode()); err != nil {
		t.Error(err)
	}
	p.Items = append(p.Items, p.Items[0])
	if _, err := n.Execute(t.Context(), p, nothing); !errors.Is(err, ErrPlan) {
		t.Errorf("%v", err)
	}
	if _, err := DecodePlan(p.Encode()); !errors.Is(err, ErrPlan) {
		t.Errorf("%v", err)
	}
}

func TestCheck(t *testing.T) {
	n := newNode(t)
	good := n.put(Witness, bytesOf(1, 2*ChunkBytes))
	bad := n.put(Proof, bytesOf(2, 100))
	gone := Digest(blake3.Sum256([]byte("never put")))
	n.overwrite(pieceKey(bad, 2, 0, 0), []byte("x"))
	got, err := n.Check(t.Context(), []Digest{gone, good, bad})
	if err != nil || len(got.Missing) != 1 || got.Missing[0] != gone || len(got.Corrupt) != 1 || got.Corrupt[0] != bad || got.Bytes != 2*ChunkBytes {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = n.Check(t.Context(), []Digest{bad})
	if err != nil || len(got.Missing) != 1 || got.Corrupt != nil {
		t.Errorf("the second time: %+v, %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := n.Check(ctx, []Digest{good}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
