package artifact

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/zeebo/blake3"
	"pgregory.net/rapid"
)

// subject is what a list of operations runs on: a Store, or its model. Answers are texts,
// to compare.
type subject interface {
	put(kind Kind, b []byte) string
	pull(kind Kind, b []byte, order []int, wrong, abandon bool) string
	get(d Digest) string
	chunk(d Digest, i int) string
	pin(d Digest, until time.Time) string
	dropWitness(d Digest) string
	collect(referenced func(Digest) bool) string
	list() string
	later(time.Duration)
}

// sentinels are the errors that a model predicts.
var sentinels = []error{ErrNotFound, ErrCorrupt, ErrQuota, ErrKind, ErrDigest, ErrChunk}

func answer(err error, more ...any) string {
	if err == nil {
		return fmt.Sprint(append([]any{"ok"}, more...)...)
	}
	for _, s := range sentinels {
		if errors.Is(err, s) {
			return s.Error()
		}
	}
	return "unexpected: " + err.Error()
}

// digestOf stands for bytes in an answer.
func digestOf(b []byte) Digest { return blake3.Sum256(b) }

// model is what a Store promises, without a disk.
type model struct {
	now   time.Time
	quota int64
	held  map[Digest]*modelled
}

type modelled struct {
	kind                 Kind
	bytes                []byte
	created, pinnedUntil time.Time
}

func (m *model) later(d time.Duration) { m.now = m.now.Add(d) }

func (m *model) heldBytes() (sum int64) {
	for _, a := range m.held {
		sum += int64(len(a.bytes))
	}
	return sum
}

func (m *model) put(kind Kind, b []byte) string {
	a := m.held[digestOf(b)]
	pin := m.now.Add(DefaultPin)
	if a != nil && (a.kind != Witness || kind == Witness) {
		a.pinnedUntil = later(a.pinnedUntil, pin)
		return answer(nil)
	}
	if m.heldBytes()+int64(len(b)) > m.quota {
		return answer(ErrQuota)
	}
	next := &modelled{kind, b, m.now, pin}
	if a != nil {
		next.pinnedUntil = later(a.pinnedUntil, pin)
	}
	m.held[digestOf(b)] = next
	return answer(nil)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (m *model) pull(kind Kind, b []byte, _ []int, wrong, abandon bool) string {
	switch {
	case m.heldBytes()+int64(len(b)) > m.quota:
		return answer(ErrQuota)
	case abandon:
		return answer(nil)
	case wrong:
		return answer(ErrDigest)
	}
	return m.put(kind, b)
}

func (m *model) get(d Digest) string {
	if a := m.held[d]; a != nil {
		return answer(nil, digestOf(a.bytes))
	}
	return answer(ErrNotFound)
}

func (m *model) chunk(d Digest, i int) string {
	a := m.held[d]
	switch {
	case a == nil:
		return answer(ErrNotFound)
	case i >= chunkCount(int64(len(a.bytes))):
		return answer(ErrChunk)
	}
	return answer(nil, digestOf(chunkOf(a.bytes, i)), len(a.bytes))
}

func (m *model) pin(d Digest, until time.Time) string {
	a := m.held[d]
	if a == nil {
		return answer(ErrNotFound)
	}
	a.pinnedUntil = later(a.pinnedUntil, until)
	return answer(nil)
}

func (m *model) dropWitness(d Digest) string {
	a := m.held[d]
	if a != nil && a.kind != Witness {
		return answer(ErrKind)
	}
	delete(m.held, d)
	return answer(nil)
}

func (m *model) collect(referenced func(Digest) bool) string {
	var count, sum int
	for d, a := range m.held {
		if m.now.Sub(a.created) >= DefaultGrace && a.pinnedUntil.Before(m.now) && !referenced(d) {
			count++
			sum += len(a.bytes)
			delete(m.held, d)
		}
	}
	return answer(nil, count, sum)
}

func (m *model) list() string {
	var sum Digest
	for d, a := range m.held {
		line := blake3.Sum256(fmt.Appendln(nil, d, a.kind, len(a.bytes), a.created.UnixMilli(), a.pinnedUntil.UnixMilli()))
		for i := range sum {
			sum[i] ^= line[i]
		}
	}
	return answer(nil, sum, m.heldBytes())
}

// subjectNode is a Store on a disk that may lose its power, or be opened again, after any
// operation.
type subjectNode struct {
	*node
	between func(*node)
}

func (s subjectNode) done(a string) string {
	s.between(s.node)
	return a
}

func (s subjectNode) later(d time.Duration) { s.now = s.now.Add(d) }

func (s subjectNode) put(kind Kind, b []byte) string {
	_, err := s.Put(kind, b)
	return s.done(answer(err))
}

func (s subjectNode) pull(kind Kind, b []byte, order []int, wrong, abandon bool) string {
	w, err := s.NewWriter(kind, digestOf(b), int64(len(b)))
	if err != nil {
		return s.done(answer(err))
	}
	for at, i := range order {
		if abandon && at == len(order)-1 {
			return s.done(answer(w.Abort()))
		}
		data := chunkOf(b, i)
		if wrong && at == 0 {
			data = bytes.Clone(data)
			data[0] ^= 1
		}
		if err := w.WriteChunk(i, data); err != nil {
			return s.done(answer(err))
		}
	}
	return s.done(answer(w.Commit()))
}

func (s subjectNode) get(d Digest) string {
	b, err := s.Get(d)
	if err != nil {
		return s.done(answer(err))
	}
	return s.done(answer(nil, digestOf(b)))
}

func (s subjectNode) chunk(d Digest, i int) string {
	b, _, size, err := s.ReadChunk(d, i)
	if err != nil {
		return s.done(answer(err))
	}
	return s.done(answer(nil, digestOf(b), size))
}

func (s subjectNode) pin(d Digest, until time.Time) string { return s.done(answer(s.Pin(d, until))) }

func (s subjectNode) dropWitness(d Digest) string { return s.done(answer(s.DropWitness(d))) }

func (s subjectNode) collect(referenced func(Digest) bool) string {
	p, err := s.Plan(s.now, referenced)
	if err != nil {
		return s.done(answer(err))
	}
	done, err := s.Execute(s.t.Context(), p, referenced)
	return s.done(answer(err, done.DeletedCount, done.DeletedBytes))
}

func (s subjectNode) list() string {
	var sum Digest
	err := s.List(func(i Info) error {
		line := blake3.Sum256(fmt.Appendln(nil, i.Digest, i.Kind, i.SizeBytes, i.Created.UnixMilli(), i.PinnedUntil.UnixMilli()))
		for k := range sum {
			sum[k] ^= line[k]
		}
		return nil
	})
	return s.done(answer(err, sum, s.Usage().HeldBytes))
}

// pool is what operations choose from.
var pool = func() (out [][]byte) {
	for i, size := range []int{1, 20, 3000, pieceBytes, pieceBytes + 1, ChunkBytes, 2*ChunkBytes + 1} {
		out = append(out, bytesOf(uint64(1000+i), size))
	}
	return out
}()

// operation draws one operation and what it is done with.
func operation(t *rapid.T) (name string, run func(subject) string) {
	b := rapid.SampledFrom(pool).Draw(t, "bytes")
	d := digestOf(b)
	kind := Kind(rapid.IntRange(1, 4).Draw(t, "kind"))
	n := rapid.IntRange(0, 1<<16).Draw(t, "number")
	switch rapid.SampledFrom([]string{"put", "put", "pull", "pull", "get", "chunk", "pin", "drop", "collect", "list", "later"}).Draw(t, "operation") {
	case "put":
		return "put", func(s subject) string { return s.put(kind, b) }
	case "pull":
		order := rand.New(rand.NewPCG(uint64(n), 0)).Perm(chunkCount(int64(len(b))))
		return "pull", func(s subject) string { return s.pull(kind, b, order, n%4 == 1, n%4 == 2) }
	case "get":
		return "get", func(s subject) string { return s.get(d) }
	case "chunk":
		return "chunk", func(s subject) string { return s.chunk(d, n%4) }
	case "pin":
		return "pin", func(s subject) string { return s.pin(d, start.Add(time.Duration(n)*time.Second)) }
	case "drop":
		return "drop", func(s subject) string { return s.dropWitness(d) }
	case "collect":
		return "collect", func(s subject) string {
			return s.collect(func(d Digest) bool { return int(d[0]+d[1])%3 == n%3 })
		}
	case "list":
		return "list", subject.list
	default:
		return "later", func(s subject) string { s.later(time.Duration(n%120) * time.Minute); return "" }
	}
}

// The same operations get the same answers from the model and from stores that stay open,
// are opened again, or lose their power after any of them.
func TestMetamorphic(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		const quota = 4 * ChunkBytes
		small := func(o *Options) { o.QuotaBytes = quota }
		subjects := map[string]subjectNode{
			"open":   {openNode(t, small), func(*node) {}},
			"reopen": {openNode(t, small), func(n *node) { every(rng, 4, n.reopen) }},
			"crash":  {openNode(t, small), func(n *node) { every(rng, 4, func() { n.crash(rng.IntN(101), rng) }) }},
		}
		defer func() {
			for _, s := range subjects {
				_ = s.db.Close()
			}
		}()
		m := &model{now: start, quota: quota, held: map[Digest]*modelled{}}
		for i := range rapid.IntRange(1, 25).Draw(rt, "operations") {
			name, run := operation(rt)
			want := run(m)
			for which, s := range subjects {
				if got := run(s); got != want {
					rt.Fatalf("operation %d, %s, on %s: %q, want %q", i, name, which, got, want)
				}
			}
		}
		want := m.list()
		for which, s := range subjects {
			if got := s.list(); got != want {
				rt.Fatalf("at the end, %s: %q, want %q", which, got, want)
			}
		}
	})
}

func every(rng *rand.Rand, n int, do func()) {
	if rng.IntN(n) == 0 {
		do()
	}
}
