package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"rpp-node/store"
)

var start = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// node is a log with its surroundings in the hands of a test.
type node struct {
	*Log
	t   testing.TB
	fs  *vfs.MemFS
	db  *store.DB
	now time.Time
}

func newNode(t testing.TB) *node {
	t.Helper()
	n := &node{t: t, fs: vfs.NewCrashableMem(), now: start}
	if err := n.open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.db.Close() })
	return n
}

func (n *node) open() error {
	db, err := store.Open(store.Options{FS: n.fs, Dir: "data"})
	if err != nil {
		return err
	}
	n.db = db
	n.Log, err = New(db, nowOf(n))
	return err
}

func nowOf(n *node) func() time.Time { return func() time.Time { return n.now } }

func (n *node) reopen() error {
	n.t.Helper()
	if err := n.db.Close(); err != nil {
		n.t.Fatal(err)
	}
	return n.open()
}

func event(i int) Event {
	return Event{
		Actor: fmt.Sprintf("operator-%d", i%3), Action: "key.rotate", Subject: fmt.Sprintf("family-%d", i),
		Node: [32]byte{byte(i)}, Epoch: uint64(i),
		Detail: Details(map[string]string{"from": "a", "to": fmt.Sprint(i)})[:i%3],
	}
}

func (n *node) append(count int) {
	n.t.Helper()
	for range count {
		n.now = n.now.Add(time.Second)
		if _, err := n.Append(event(int(n.Head().Sequence))); err != nil {
			n.t.Fatal(err)
		}
	}
}

func (n *node) faults() (out []Fault) {
	n.t.Helper()
	err := n.Verify(1, 0, func(f Fault) bool { out = append(out, f); return true })
	if err != nil {
		n.t.Fatal(err)
	}
	return out
}

func TestAppend(t *testing.T) {
	n := newNode(t)
	if n.Head() != (Head{}) {
		t.Errorf("empty: %v", n.Head())
	}
	var records []Record
	for i := range 10 {
		n.now = n.now.Add(time.Second)
		if i == 5 {
			n.now = n.now.Add(-time.Hour) // the clock is set back
		}
		r, err := n.Append(event(i))
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 && (r.Previous != records[i-1].Digest || r.AtMS < records[i-1].AtMS) {
			t.Errorf("record %d does not follow", r.Sequence)
		}
		if r.Sequence != uint64(i+1) || !reflect.DeepEqual(r.Event, event(i)) {
			t.Errorf("%+v", r)
		}
		records = append(records, r)
	}
	if err := n.reopen(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		from  uint64
		limit int
		want  []Record
	}{{0, 100, records}, {1, 3, records[:3]}, {9, 100, records[8:]}, {11, 5, nil}, {4, MaxScanCount + 1, records[3:]}} {
		got, err := n.Scan(c.from, c.limit)
		if err != nil || len(got) != len(c.want) {
			t.Fatalf("from %d: %d records, %v", c.from, len(got), err)
		}
		for i := range got {
			if got[i].Digest != c.want[i].Digest || got[i].Sequence != c.want[i].Sequence {
				t.Errorf("from %d: %+v, want %+v", c.from, got[i], c.want[i])
			}
		}
	}
	n.append(1)
	if got := n.faults(); got != nil {
		t.Errorf("%v", got)
	}
}

func TestRefusedEvents(t *testing.T) {
	n := newNode(t)
	long := strings.Repeat("x", MaxTextBytes)
	many := make([]Pair, MaxDetailCount+1)
	for i := range many {
		many[i] = Pair{fmt.Sprintf("%02d", i), strings.Repeat("v", MaxDetailValueBytes)}
	}
	if _, err := n.Append(Event{Actor: long, Action: long, Subject: long, Detail: many[:MaxDetailCount]}); err != nil {
		t.Errorf("as large as can be: %v", err)
	}
	for name, e := range map[string]Event{
		"no action":       {Actor: "a"},
		"long actor":      {Action: "a", Actor: long + "x"},
		"long action":     {Action: long + "x"},
		"long subject":    {Action: "a", Subject: long + "x"},
		"not UTF-8":       {Action: "a", Subject: "\xff"},
		"many details":    {Action: "a", Detail: many},
		"long key":        {Action: "a", Detail: []Pair{{strings.Repeat("k", MaxDetailKeyBytes+1), ""}}},
		"long value":      {Action: "a", Detail: []Pair{{"k", many[0].Value + "v"}}},
		"empty key":       {Action: "a", Detail: []Pair{{"", "v"}}},
		"unsorted":        {Action: "a", Detail: []Pair{{"b", ""}, {"a", ""}}},
		"key twice":       {Action: "a", Detail: []Pair{{"a", ""}, {"a", ""}}},
		"key not UTF-8":   {Action: "a", Detail: []Pair{{"\xff", ""}}},
		"value not UTF-8": {Action: "a", Detail: []Pair{{"a", "\xff"}}},
	} {
		if _, err := n.Append(e); !errors.Is(err, ErrEvent) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n.Head().Sequence != 1 {
		t.Errorf("head %d", n.Head().Sequence)
	}
}

// Concurrent appends are all there, each once, in one chain, and share syncs.
func TestGroupCommit(t *testing.T) {
	n := newNode(t)
	const callers, each = 16, 20
	var mu sync.Mutex
	seen := map[uint64]string{}
	var group sync.WaitGroup
	for c := range callers {
		group.Go(func() {
			for i := range each {
				e := Event{Action: "a", Subject: fmt.Sprintf("%d/%d", c, i)}
				r, err := n.Append(e)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if seen[r.Sequence] != "" || r.Subject != e.Subject {
					t.Errorf("record %d: %q and %q", r.Sequence, seen[r.Sequence], r.Subject)
				}
				seen[r.Sequence] = r.Subject
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if len(seen) != callers*each || n.Head().Sequence != callers*each {
		t.Errorf("%d records, head %d", len(seen), n.Head().Sequence)
	}
	if got := n.faults(); got != nil {
		t.Errorf("%v", got)
	}
}

// Every record whose Append had returned before a power cut is there afterwards.
func TestCrash(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 1))
		n := newNode(t)
		var acked Record
		for range 4 {
			for range 1 + rng.IntN(10) {
				r, err := n.Append(event(int(rng.Uint32() % 100)))
				if err != nil {
					t.Fatal(err)
				}
				acked = r
			}
			image := n.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
			_ = n.db.Close()
			n.fs = image
			if err := n.open(); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if got := n.Head(); got != (Head{acked.Sequence, acked.Digest}) {
				t.Fatalf("seed %d: head %d, acknowledged %d", seed, got.Sequence, acked.Sequence)
			}
			if got := n.faults(); got != nil {
				t.Fatalf("seed %d: %v", seed, got)
			}
		}
		if err := n.db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A log whose end is damaged can be read and verified, but not continued.
func TestBrokenEnd(t *testing.T) {
	for name, spoil := range map[string]func(n *node, b *store.Batch){
		"last record gone":    func(n *node, b *store.Batch) { b.Delete(recordKey(5)) },
		"last record damaged": func(n *node, b *store.Batch) { b.Set(recordKey(5), []byte("x")) },
		"last record another": func(n *node, b *store.Batch) {
			r := Record{Sequence: 5, Event: event(9)}
			b.Set(recordKey(5), r.seal())
		},
		"one behind the head": func(n *node, b *store.Batch) {
			r := Record{Sequence: 6, Event: event(9)}
			b.Set(recordKey(6), r.seal())
		},
		"head gone":    func(n *node, b *store.Batch) { b.Delete(headKey) },
		"head damaged": func(n *node, b *store.Batch) { b.Set(headKey, []byte("x")) },
		"head zero":    func(n *node, b *store.Batch) { b.Set(headKey, Head{}.encode()) },
	} {
		n := newNode(t)
		n.append(5)
		batch := n.db.NewBatch()
		spoil(n, batch)
		if err := batch.Commit(true); err != nil {
			t.Fatal(err)
		}
		if got := n.faults(); len(got) == 0 {
			t.Errorf("%s: not found while open", name)
		}
		if err := n.reopen(); !errors.Is(err, ErrBroken) || n.Log == nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := n.Append(event(0)); !errors.Is(err, ErrBroken) {
			t.Errorf("%s: append: %v", name, err)
		}
	}
}

func TestRecordLimitHoldsAnyEvent(t *testing.T) {
	r := Record{Event: Event{
		Actor: strings.Repeat("x", MaxTextBytes), Action: strings.Repeat("x", MaxTextBytes), Subject: strings.Repeat("x", MaxTextBytes),
	}}
	for i := range MaxDetailCount {
		r.Detail = append(r.Detail, Pair{fmt.Sprintf("%0*d", MaxDetailKeyBytes, i), strings.Repeat("v", MaxDetailValueBytes)})
	}
	if b := r.seal(); len(b) > MaxRecordBytes {
		t.Errorf("%d bytes, limit %d", len(b), MaxRecordBytes)
	}
	if _, err := decodeRecord(make([]byte, MaxRecordBytes+1)); !errors.Is(err, ErrRecord) {
		t.Error(err)
	}
}

func TestExport(t *testing.T) {
	n := newNode(t)
	n.append(7)
	var out bytes.Buffer
	if err := n.Export(&out, 1, 0); err != nil {
		t.Fatal(err)
	}
	verify := func(export string) (Head, []Fault) {
		var faults []Fault
		head, err := VerifyExport(strings.NewReader(export), func(f Fault) bool { faults = append(faults, f); return true })
		if err != nil {
			t.Fatal(err)
		}
		return head, faults
	}
	if head, faults := verify(out.String()); head != n.Head() || faults != nil {
		t.Errorf("%v, %v", head, faults)
	}
	lines := strings.SplitAfter(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != 7 {
		t.Fatalf("%d lines", len(lines))
	}
	if head, faults := verify(strings.Join(lines[3:], "")); head != n.Head() || faults != nil {
		t.Errorf("a part: %v, %v", head, faults)
	}
	for i := 1; i < 6; i++ {
		without := strings.Join(append(append([]string{}, lines[:i]...), lines[i+1:]...), "")
		if _, faults := verify(without); len(faults) == 0 {
			t.Errorf("line %d deleted: not found", i)
		}
		var fields map[string]any
		if err := json.Unmarshal([]byte(lines[i]), &fields); err != nil {
			t.Fatal(err)
		}
		for field, value := range map[string]any{
			"actor": "x", "action": "x", "subject": "x", "at_ms": 1, "epoch": 99, "sequence": 3000,
			"node": strings.Repeat("ee", 32), "previous": strings.Repeat("ee", 32), "digest": strings.Repeat("ee", 32),
			"detail": map[string]string{"x": "y"},
		} {
			old := fields[field]
			fields[field] = value
			line, err := json.Marshal(fields)
			if err != nil {
				t.Fatal(err)
			}
			fields[field] = old
			changed := strings.Join(lines[:i], "") + string(line) + "\n" + strings.Join(lines[i+1:], "")
			if _, faults := verify(changed); len(faults) == 0 {
				t.Errorf("line %d, %s changed: not found", i, field)
			}
		}
	}
}
