package artifact

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/zeebo/blake3"

	"rpp-node/store"
)

// node is a store with its surroundings in the hands of a test.
type node struct {
	*Store
	t   testing.TB
	fs  *vfs.MemFS
	db  *store.DB
	now time.Time
	opt Options
}

var start = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// random is what tests draw from.
func random(seed uint64) *rand.ChaCha8 {
	return rand.NewChaCha8(blake3.Sum256(fmt.Append(nil, seed)))
}

// bytesOf is size bytes that no compressor makes smaller.
func bytesOf(seed uint64, size int) []byte {
	b := make([]byte, size)
	_, _ = random(seed).Read(b)
	return b
}

func testSealer(t testing.TB, seed uint64) *Sealer {
	t.Helper()
	s, err := NewSealer(bytesOf(seed, StoreKeyBytes))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// testOptions are small, so that chunks go through every path of the store.
func testOptions(fs vfs.FS) store.Options {
	return store.Options{FS: fs, Dir: "data", CacheBytes: 1 << 20, MemTableBytes: 1 << 20}
}

func newNode(t testing.TB, change ...func(*Options)) *node {
	t.Helper()
	n := openNode(t, change...)
	t.Cleanup(func() { _ = n.db.Close() })
	return n
}

// openNode leaves closing to its caller.
func openNode(t testing.TB, change ...func(*Options)) *node {
	t.Helper()
	n := &node{t: t, fs: vfs.NewCrashableMem(), now: start}
	n.opt = Options{
		QuotaBytes: 1 << 30,
		Now:        func() time.Time { return n.now },
		Rand:       random(1),
		Sealer:     testSealer(t, 2),
	}
	for _, f := range change {
		f(&n.opt)
	}
	n.open()
	return n
}

func (n *node) open() {
	n.t.Helper()
	var err error
	n.db, err = store.Open(testOptions(n.fs))
	if err == nil {
		n.Store, err = New(n.db, n.opt)
	}
	if err != nil {
		n.t.Fatal(err)
	}
}

// reopen stops in order and starts again.
func (n *node) reopen() {
	n.t.Helper()
	if err := n.db.Close(); err != nil {
		n.t.Fatal(err)
	}
	n.open()
}

// crash loses the power: of what was not synced, a random part is there afterwards.
func (n *node) crash(keepPercent int, rng *rand.Rand) {
	n.t.Helper()
	image := n.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: keepPercent, RNG: rng})
	_ = n.db.Close()
	n.fs = image
	n.open()
}

func (n *node) put(kind Kind, b []byte) Digest {
	n.t.Helper()
	d, err := n.Put(kind, b)
	if err != nil {
		n.t.Fatal(err)
	}
	if d != Digest(blake3.Sum256(b)) {
		n.t.Fatalf("put under %v", d)
	}
	return d
}

// expect checks that an artifact is there whole (want) or not at all (nil).
func (n *node) expect(d Digest, want []byte) {
	n.t.Helper()
	got, err := n.Get(d)
	has, hasErr := n.Has(d)
	if hasErr != nil || has != (want != nil) {
		n.t.Errorf("has %v: %v, %v", d, has, hasErr)
	}
	if want == nil {
		if !errors.Is(err, ErrNotFound) {
			n.t.Errorf("%v: %d bytes, %v, want ErrNotFound", d, len(got), err)
		}
		return
	}
	if err != nil || !bytes.Equal(got, want) {
		n.t.Errorf("%v: %d bytes, %v, want %d bytes", d, len(got), err, len(want))
	}
}

// drop ends a write that is not to be completed.
func drop(t testing.TB, w *Writer) {
	t.Helper()
	if err := w.Abort(); err != nil {
		t.Error(err)
	}
}

// pieceCount is the number of values that the chunks of an artifact are.
func pieceCount(kind Kind, size int) (count int) {
	for i := range chunkCount(int64(size)) {
		stored := chunkSize(int64(size), i)
		if kind == Witness {
			stored += tagBytes
		}
		count += (stored + pieceBytes - 1) / pieceBytes
	}
	return count
}

// tableSizes counts the keys of every table.
func (n *node) tableSizes() map[table]int {
	n.t.Helper()
	out := map[table]int{}
	for _, tab := range []table{tableRecord, tableDataKey, tableIntent, tableAside, tableChunk, tablePin, tablePlan} {
		err := n.scan(tab, func(Digest, uint64, []byte) error { out[tab]++; return nil })
		if err != nil {
			n.t.Fatal(err)
		}
	}
	return out
}

func TestPutAndGet(t *testing.T) {
	for _, size := range []int{1, 100, ChunkBytes - 1, ChunkBytes, ChunkBytes + 1, 3*ChunkBytes + 17} {
		for kind := Witness; kind <= Other; kind++ {
			if size > ChunkBytes && kind != Witness && kind != Key {
				continue // no other is stored otherwise than a key
			}
			n := newNode(t)
			b := bytesOf(uint64(size), size)
			d := n.put(kind, b)
			n.expect(d, b)
			n.reopen()
			n.expect(d, b)
			info, err := n.Stat(d)
			want := Info{Digest: d, Kind: kind, SizeBytes: int64(size), ChunkCount: (size + ChunkBytes - 1) / ChunkBytes,
				Created: start.Local(), PinnedUntil: start.Add(DefaultPin).Local(), instance: 1}
			if err != nil || info != want {
				t.Errorf("%+v, %v, want %+v", info, err, want)
			}
			var joined []byte
			for i := range info.ChunkCount {
				data, count, sizeBytes, err := n.ReadChunk(d, i)
				if err != nil || count != info.ChunkCount || sizeBytes != int64(size) {
					t.Fatalf("chunk %d: %d chunks, %d bytes, %v", i, count, sizeBytes, err)
				}
				joined = append(joined, data...)
			}
			if !bytes.Equal(joined, b) {
				t.Error("the chunks together are not the artifact")
			}
			for _, i := range []int{-1, info.ChunkCount} {
				if _, _, _, err := n.ReadChunk(d, i); !errors.Is(err, ErrChunk) {
					t.Errorf("chunk %d: %v", i, err)
				}
			}
			if u := n.Usage(); u.HeldBytes != int64(size) || u.ByKind[kind] != int64(size) || u.ReservedBytes != 0 {
				t.Errorf("usage: %+v", u)
			}
		}
	}
}

func TestEqualBytesAreStoredOnce(t *testing.T) {
	n := newNode(t)
	b := bytesOf(1, 2*ChunkBytes)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if _, err := n.Put(Proof, b); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := n.tableSizes(); got[tableRecord] != 1 || got[tableChunk] != pieceCount(Proof, len(b)) || got[tableIntent] != 0 {
		t.Errorf("%v", got)
	}
	n.now = n.now.Add(time.Minute)
	d := n.put(Proof, b)
	if info, err := n.Stat(d); err != nil || !info.PinnedUntil.Equal(n.now.Add(DefaultPin)) || !info.Created.Equal(start) {
		t.Errorf("put again: %+v, %v", info, err)
	}
	if u := n.Usage(); u.HeldBytes != int64(len(b)) {
		t.Errorf("usage: %+v", u)
	}
}

// Bytes that are put as two kinds are one artifact, and a secret only if both are.
func TestTwoKinds(t *testing.T) {
	for _, size := range []int{1000, ChunkBytes + 1} {
		n := newNode(t)
		b := bytesOf(1, size)
		for _, step := range []struct{ put, want Kind }{
			{Witness, Witness}, {Key, Key}, {Witness, Key}, {Proof, Key},
		} {
			d := n.put(step.put, b)
			n.expect(d, b)
			if info, err := n.Stat(d); err != nil || info.Kind != step.want {
				t.Errorf("put as %v: %v, %v, want %v", step.put, info.Kind, err, step.want)
			}
			got := n.tableSizes()
			if got[tableRecord] != 1 || got[tableChunk] != pieceCount(step.want, size) || got[tableIntent] != 0 {
				t.Errorf("put as %v: %v", step.put, got)
			}
			if u := n.Usage(); u.HeldBytes != int64(size) || u.ByKind[step.want] != int64(size) {
				t.Errorf("put as %v: %+v", step.put, u)
			}
		}
		if err := n.DropWitness(blake3.Sum256(b)); !errors.Is(err, ErrKind) {
			t.Errorf("dropping what is no witness: %v", err)
		}
	}
}

func TestDropWitness(t *testing.T) {
	n := newNode(t)
	b := bytesOf(1, 2*ChunkBytes)
	d := n.put(Witness, b)
	for range 2 {
		if err := n.DropWitness(d); err != nil {
			t.Fatal(err)
		}
		n.expect(d, nil)
	}
	if got := n.tableSizes(); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
	if u := n.Usage(); u.HeldBytes != 0 {
		t.Errorf("usage: %+v", u)
	}
	n.put(Witness, b)
	n.expect(d, b)
}

func TestLimits(t *testing.T) {
	n := newNode(t, func(o *Options) { o.QuotaBytes = 100 })
	for kind, limit := range map[Kind]int64{
		Witness: MaxWitnessBytes, Proof: MaxProofBytes, Key: MaxKeyBytes, Other: MaxOtherBytes,
	} {
		if _, err := n.NewWriter(kind, Digest{}, limit+1); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%v of %d bytes: %v", kind, limit+1, err)
		}
		if _, err := n.NewWriter(kind, Digest{}, limit); !errors.Is(err, ErrQuota) {
			t.Errorf("%v of %d bytes: %v, want the quota to refuse it", kind, limit, err)
		}
		if _, err := n.Put(kind, nil); !errors.Is(err, ErrEmpty) {
			t.Errorf("empty %v: %v", kind, err)
		}
	}
	for _, kind := range []Kind{0, 5} {
		if _, err := n.Put(kind, []byte{1}); !errors.Is(err, ErrKind) {
			t.Errorf("%v: %v", kind, err)
		}
	}
	if _, err := n.Put(Proof, make([]byte, MaxProofBytes+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("put: %v", err)
	}
	if u := n.Usage(); u.HeldBytes != 0 || u.ReservedBytes != 0 {
		t.Errorf("refusals took room: %+v", u)
	}
}

func TestQuota(t *testing.T) {
	n := newNode(t, func(o *Options) { o.QuotaBytes = 100 })
	d := n.put(Proof, bytesOf(1, 60))
	w, err := n.NewWriter(Key, Digest{1}, 30)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Put(Other, bytesOf(2, 11)); !errors.Is(err, ErrQuota) {
		t.Errorf("above the quota: %v", err)
	}
	n.put(Proof, bytesOf(1, 60)) // there already
	n.put(Witness, bytesOf(2, 10))
	drop(t, w)
	n.put(Other, bytesOf(3, 30))
	n.reopen()
	if _, err := n.Put(Other, bytesOf(4, 1)); !errors.Is(err, ErrQuota) {
		t.Errorf("after opening again: %v", err)
	}
	if err := n.DropWitness(blake3.Sum256(bytesOf(2, 10))); err != nil {
		t.Fatal(err)
	}
	n.put(Other, bytesOf(4, 10))
	n.expect(d, bytesOf(1, 60))
}

func TestPin(t *testing.T) {
	n := newNode(t)
	if err := n.Pin(Digest{1}, start); !errors.Is(err, ErrNotFound) {
		t.Errorf("nothing there: %v", err)
	}
	d := n.put(Proof, bytesOf(1, 10))
	for _, hours := range []int{5, 2} { // a pin is never shortened
		if err := n.Pin(d, start.Add(time.Duration(hours)*time.Hour)); err != nil {
			t.Fatal(err)
		}
		n.reopen()
		if info, err := n.Stat(d); err != nil || !info.PinnedUntil.Equal(start.Add(5*time.Hour)) {
			t.Errorf("pinned until %v, %v", info.PinnedUntil, err)
		}
	}
}

func TestList(t *testing.T) {
	n := newNode(t)
	want := map[Digest]Kind{}
	for i := range 20 {
		kind := Kind(1 + i%4)
		want[n.put(kind, bytesOf(uint64(i), 10+i))] = kind
	}
	var last Digest
	err := n.List(func(info Info) error {
		if want[info.Digest] != info.Kind || bytes.Compare(last[:], info.Digest[:]) >= 0 {
			t.Errorf("%+v after %v", info, last)
		}
		last = info.Digest
		delete(want, info.Digest)
		return nil
	})
	if err != nil || len(want) != 0 {
		t.Errorf("%v; not listed: %v", err, want)
	}
	stop := errors.New("stop")
	if err := n.List(func(Info) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("%v", err)
	}
}
