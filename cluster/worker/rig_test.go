package worker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zeebo/blake3"
	"go.uber.org/goleak"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	"rpp-node/cluster/worker/device"
	"rpp-node/prover/field"
	"rpp-node/prover/proving"
	"rpp-node/prover/spec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	beatEvery = 100 * time.Millisecond
	lease     = time.Second
)

// conn is the leader's end of a session. It renews every lease that a heartbeat announces
// unless it is mute, and keeps all else that it hears.
type conn struct {
	up     chan *internalv1.WorkerMessage
	down   chan *internalv1.LeaderMessage
	closed chan struct{}
	once   sync.Once

	mu     sync.Mutex
	mute   bool
	except map[Fence]bool // not renewed
	slow   time.Duration  // that sending a report takes
	beats  []*internalv1.Heartbeat
	heard  []*internalv1.WorkerMessage
	kinds  []byte // of all messages in order: h for heartbeats, m for others
}

var errGone = errors.New("the session is gone")

func (c *conn) Send(m *internalv1.WorkerMessage) error {
	c.mu.Lock()
	slow := c.slow
	c.mu.Unlock()
	if slow > 0 && m.GetReport() != nil {
		time.Sleep(slow)
	}
	select {
	case c.up <- m:
		return nil
	case <-c.closed:
		return errGone
	}
}

func (c *conn) Receive() (*internalv1.LeaderMessage, error) {
	select {
	case m := <-c.down:
		return m, nil
	case <-c.closed:
		return nil, errGone
	}
}

func (c *conn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return nil
}

// listen runs on a goroutine of its own until the session is closed.
func (c *conn) listen() {
	for {
		select {
		case m := <-c.up:
			c.mu.Lock()
			h := m.GetHeartbeat()
			if h == nil {
				c.kinds = append(c.kinds, 'm')
				c.heard = append(c.heard, m)
				c.mu.Unlock()
				continue
			}
			c.kinds = append(c.kinds, 'h')
			c.beats = append(c.beats, h)
			r := &internalv1.Renewal{Heartbeat: h.Sequence, LeaseMs: lease.Milliseconds()}
			for _, d := range h.Devices {
				for _, f := range append(slices.Clone(d.Waiting), d.Running) {
					if f != nil && !c.except[fenceOf(f)] {
						r.Fences = append(r.Fences, f)
					}
				}
			}
			mute := c.mute
			c.mu.Unlock()
			if !mute {
				c.send(&internalv1.LeaderMessage{Of: &internalv1.LeaderMessage_Renewal{Renewal: r}})
			}
		case <-c.closed:
			return
		}
	}
}

func (c *conn) send(m *internalv1.LeaderMessage) {
	select {
	case c.down <- m:
	case <-c.closed:
	}
}

// grant grants a part, and waits until the worker has done what it does at once: inputs
// that are here at the same time are taken in any order.
func (c *conn) grant(g *internalv1.Grant) {
	c.send(&internalv1.LeaderMessage{Of: &internalv1.LeaderMessage_Grant{Grant: g}})
	synctest.Wait()
}

func (c *conn) revoke(f Fence, ifUnstarted bool) {
	c.send(&internalv1.LeaderMessage{Of: &internalv1.LeaderMessage_Revoke{Revoke: &internalv1.Revoke{Fence: f.message(), IfUnstarted: ifUnstarted}}})
}

func (c *conn) taken(f Fence) {
	c.send(&internalv1.LeaderMessage{Of: &internalv1.LeaderMessage_Taken{Taken: &internalv1.Taken{Fence: f.message()}}})
}

func (c *conn) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

// take returns what was heard since the last call, once the bubble is at rest.
func (c *conn) take() []*internalv1.WorkerMessage {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	list := c.heard
	c.heard = nil
	return list
}

// report expects exactly one message, a report.
func (c *conn) report(t *testing.T, f Fence, want internalv1.Outcome) *internalv1.PartReport {
	t.Helper()
	list := c.take()
	if len(list) != 1 || list[0].GetReport() == nil {
		t.Fatalf("heard %v, want one report", list)
	}
	r := list[0].GetReport()
	if fenceOf(r.Fence) != f || r.Outcome != want {
		t.Fatalf("report of %s: %s (%s: %s), want %s: %s", fenceOf(r.Fence), r.Outcome, r.Code, r.Reason, f, want)
	}
	return r
}

// dropped expects exactly one message, that a part was given up.
func (c *conn) dropped(t *testing.T, f Fence, started bool) {
	t.Helper()
	list := c.take()
	if len(list) != 1 || list[0].GetDropped() == nil {
		t.Fatalf("heard %v, want dropped", list)
	}
	if d := list[0].GetDropped(); fenceOf(d.Fence) != f || d.Started != started {
		t.Fatalf("dropped %s, started %t, want %s, %t", fenceOf(d.Fence), d.Started, f, started)
	}
}

func (c *conn) quiet(t *testing.T) {
	t.Helper()
	if list := c.take(); len(list) > 0 {
		t.Fatalf("heard %v, want nothing", list)
	}
}

func (c *conn) lastBeat(t *testing.T) *internalv1.Heartbeat {
	t.Helper()
	time.Sleep(beatEvery)
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.beats) == 0 {
		t.Fatal("no heartbeat")
	}
	return c.beats[len(c.beats)-1]
}

// network is what workers dial.
type network struct {
	mu    sync.Mutex
	down  bool // guarded by mu
	dials int  // guarded by mu
	conns chan *conn
}

func (n *network) Session(context.Context) (Stream, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dials++
	if n.down {
		return nil, errors.New("no leader is known")
	}
	c := &conn{
		up: make(chan *internalv1.WorkerMessage), down: make(chan *internalv1.LeaderMessage, 64),
		closed: make(chan struct{}), except: map[Fence]bool{},
	}
	n.conns <- c
	return c, nil
}

func (n *network) cut(down bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = down
}

// fake is a device whose tasks take as long as the test says.
type fake struct {
	info Info
	rate float64 // that calibration finds

	mu      sync.Mutex
	takes   time.Duration   // guarded by mu
	fails   error           // guarded by mu
	running int             // guarded by mu
	tasks   []*Task         // guarded by mu; all that were begun
	saw     [][]byte        // guarded by mu; their witnesses
	gaps    []time.Duration // guarded by mu; idle time before each
	ended   time.Time       // guarded by mu
	killed  int             // guarded by mu
	closed  bool            // guarded by mu
}

func (f *fake) Info() Info           { return f.info }
func (f *fake) ResidentBytes() int64 { return 1 << 20 }

func (f *fake) Calibrate(ctx context.Context, family string) (float64, error) {
	if f.rate == 0 {
		return 0, errors.New("cannot")
	}
	return f.rate, nil
}

func (f *fake) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	return nil
}

func proofOf(witness []byte) []byte { return append([]byte("proof of "), witness...) }

func (f *fake) Run(ctx context.Context, t *Task, begin func(string)) (*Result, error) {
	f.mu.Lock()
	f.running++
	if f.running > 1 {
		panic("two tasks at once")
	}
	f.tasks = append(f.tasks, t)
	f.saw = append(f.saw, bytes.Clone(t.Witness))
	if !f.ended.IsZero() {
		f.gaps = append(f.gaps, time.Since(f.ended))
	}
	takes, fails := f.takes, f.fails
	file := proofOf(t.Witness)
	f.mu.Unlock()
	begin("trace")
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.running--
		f.ended = time.Now()
	}()
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		f.mu.Lock()
		f.killed++
		f.mu.Unlock()
		return nil, ctx.Err()
	}
	if fails != nil {
		return nil, fails
	}
	return &Result{ProofFile: file, Usage: device.Usage{
		CPU: takes, Cells: 1000, PeakBytes: 5, Stages: []device.StageUsage{{Name: "trace", Wall: takes}},
	}}, nil
}

func (f *fake) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// order is the jobs' numbers, in the order in which they were begun.
func (f *fake) order() []byte {
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []byte
	for _, w := range f.saw {
		list = append(list, w[0])
	}
	return list
}

// count is read once the bubble is at rest.
func (f *fake) count() (begun, killed int) {
	synctest.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.tasks), f.killed
}

// store has witnesses and keys.
type store struct {
	mu      sync.Mutex
	witness map[[32]byte][]byte        // guarded by mu; by job
	delay   map[[32]byte]time.Duration // guarded by mu
	noKey   bool                       // guarded by mu
	deaf    bool                       // guarded by mu; fetching goes on when nobody wants it
}

func (s *store) Fetch(ctx context.Context, g *internalv1.Grant) ([]byte, error) {
	s.mu.Lock()
	b, ok := s.witness[[32]byte(g.Job)]
	delay := s.delay[[32]byte(g.Job)]
	deaf := s.deaf
	s.mu.Unlock()
	late := time.NewTimer(delay)
	defer late.Stop()
	done := ctx.Done()
	if deaf {
		done = nil
	}
	select {
	case <-late.C:
	case <-done:
		return nil, ctx.Err()
	}
	if !ok {
		return nil, errors.New("nobody has it")
	}
	return b, nil
}

func (s *store) Proving(context.Context, [32]byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.noKey {
		return nil, errors.New("no such key")
	}
	return []byte("key"), nil
}

// rig is a worker in a bubble, with the world around it.
type rig struct {
	*Worker
	t     *testing.T
	net   *network
	dev   *fake
	store *store
	stop  func()
}

// bubble runs a test of a worker with one device.
func bubble(t *testing.T, test func(r *rig)) {
	t.Helper()
	bubbleWith(t, func(*Config) {}, test)
}

func bubbleWith(t *testing.T, change func(*Config), test func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{
			t: t, net: &network{conns: make(chan *conn, 64)},
			dev:   &fake{info: Info{Name: "cpu0", Kind: "fake", Threads: 1, MemoryBytes: 1 << 30}, takes: 300 * time.Millisecond},
			store: &store{witness: map[[32]byte][]byte{}, delay: map[[32]byte]time.Duration{}},
		}
		cfg := Config{
			Version: "v1", Build: "b1", Leader: r.net, Keys: r.store, Witnesses: r.store, Devices: []Device{r.dev},
			Cost: func(s *spec.Spec, threads int) (proving.Cost, error) {
				if s.Variant == "unknown" {
					return proving.Cost{}, errors.New("no such variant")
				}
				if s.Variant == "huge" {
					return proving.Cost{Cells: 1e9, PeakBytes: 2 << 30}, nil
				}
				return proving.Cost{Cells: 1000, PeakBytes: 1 << 20}, nil
			},
			Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now, Chance: rand.New(rand.NewPCG(1, 2)).Float64,
		}
		change(&cfg)
		w, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		r.Worker = w
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- w.Run(ctx) }()
		r.stop = sync.OnceFunc(func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
			if !r.dev.closed {
				t.Error("the device is not closed")
			}
		})
		defer r.closeAll()
		defer r.stop()
		test(r)
	})
}

func (r *rig) closeAll() {
	for {
		select {
		case c := <-r.net.conns:
			c.Close()
		default:
			return
		}
	}
}

// accept waits for the next session and its hello, without welcoming.
func (r *rig) accept() (*conn, *internalv1.Hello) {
	r.t.Helper()
	select {
	case c := <-r.net.conns:
		m := <-c.up
		if m.GetHello() == nil {
			r.t.Fatalf("the first message is %v, want hello", m)
		}
		return c, m.GetHello()
	case <-time.After(time.Minute):
		r.t.Fatal("no session for a minute")
	}
	panic("unreachable")
}

// welcome takes a session in.
func (r *rig) welcome(c *conn, directives ...*internalv1.Directive) {
	c.send(&internalv1.LeaderMessage{Of: &internalv1.LeaderMessage_Welcome{Welcome: &internalv1.Welcome{
		Term: 1, Leader: "a", HeartbeatMs: beatEvery.Milliseconds(), LeaseMs: lease.Milliseconds(), Directives: directives,
	}}})
	go c.listen()
	synctest.Wait()
}

// connect is accept and welcome.
func (r *rig) connect() *conn {
	r.t.Helper()
	c, _ := r.accept()
	r.welcome(c)
	return c
}

func keep(f, renewed Fence) *internalv1.Directive {
	return &internalv1.Directive{Fence: f.message(), Order: internalv1.Order_ORDER_KEEP_COMPUTING, Renewed: renewed.message()}
}

// grant is a part of a job that is told apart by n, under fence 1.n. Its witness comes
// with it.
func grant(n int) *internalv1.Grant {
	witness := bytes.Repeat([]byte{byte(n)}, 50)
	s := &spec.Spec{
		Family: "pruning", Variant: "block", Profile: "fast", Hash: "poseidon2", Field: "koalabear", ChainID: 1,
		Publics: [][]field.Elem{{}}, Witness: blake3.Sum256(witness),
	}
	return grantOf(s, witness, Fence{1, uint64(n)})
}

func grantOf(s *spec.Spec, witness []byte, f Fence) *internalv1.Grant {
	id := s.ID()
	return &internalv1.Grant{
		Job: id[:], Fence: f.message(), Device: "cpu0", Spec: s.Encode(), WitnessDigest: s.Witness[:], Witness: witness,
		LeaseMs: lease.Milliseconds(), TimeLimitMs: 60_000,
	}
}

func fence(n int) Fence { return Fence{1, uint64(n)} }

// under gives the part of job n another fence.
func under(n int, f Fence) *internalv1.Grant {
	g := grant(n)
	g.Fence = f.message()
	return g
}

// stored moves a grant's witness to the store.
func (r *rig) stored(g *internalv1.Grant, delay time.Duration) *internalv1.Grant {
	r.store.mu.Lock()
	defer r.store.mu.Unlock()
	r.store.witness[[32]byte(g.Job)] = g.Witness
	r.store.delay[[32]byte(g.Job)] = delay
	g.Witness = nil
	return g
}

// books reads the books, once the bubble is at rest.
func (r *rig) books(read func()) {
	synctest.Wait()
	r.Worker.mu.Lock()
	defer r.Worker.mu.Unlock()
	read()
}
