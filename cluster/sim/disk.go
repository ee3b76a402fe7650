package sim

import (
	"errors"
	"time"

	"github.com/zeebo/blake3"

	"rpp-node/cluster/fsm"
)

var (
	errDiskFull = errors.New("disk full")
	errNoBytes  = errors.New("no such artifact")
)

// disk is a voter's: it syncs slowly, fills up, and bits flip on it.
type disk struct {
	n         *node
	sync      time.Duration // mean time of a sync
	full      bool
	artifacts map[fsm.Digest]*artifact
	order     []fsm.Digest // of artifacts, as they came
}

type artifact struct {
	bytes  []byte
	synced bool
}

func newDisk(n *node) *disk {
	return &disk{n: n, sync: 2 * time.Millisecond, artifacts: map[fsm.Digest]*artifact{}}
}

// delay is how long one sync takes.
func (d *disk) delay() time.Duration {
	return time.Duration((0.2 + d.n.w.rng.ExpFloat64()) * float64(d.sync))
}

// put stores bytes and tells when they are durable. lax acknowledges before that.
func (d *disk) put(bytes []byte, lax bool, done func(error)) {
	if d.full {
		done(errDiskFull)
		return
	}
	digest := fsm.Digest(blake3.Sum256(bytes))
	a := d.artifacts[digest]
	if a == nil {
		a = &artifact{bytes: append([]byte(nil), bytes...)}
		d.artifacts[digest] = a
		d.order = append(d.order, digest)
	}
	wait := d.delay()
	if lax {
		done(nil)
		wait += 5 * time.Second
	}
	d.n.after(wait, func() {
		a.synced = true
		if !lax {
			done(nil)
		}
	})
}

// read returns bytes that are what their digest says, or an error. What is not is set aside.
func (d *disk) read(digest fsm.Digest) ([]byte, error) {
	a := d.artifacts[digest]
	if a == nil {
		return nil, errNoBytes
	}
	if blake3.Sum256(a.bytes) != digest {
		d.n.w.hit(seenCorrupt)
		d.remove(digest)
		return nil, errNoBytes
	}
	return a.bytes, nil
}

func (d *disk) remove(digest fsm.Digest) {
	delete(d.artifacts, digest)
	for i, x := range d.order {
		if x == digest {
			d.order = append(d.order[:i:i], d.order[i+1:]...)
			return
		}
	}
}

// crash loses what was not synced, or some of it.
func (d *disk) crash() {
	for i := len(d.order) - 1; i >= 0; i-- {
		a := d.artifacts[d.order[i]]
		if !a.synced && d.n.w.chance(0.7) {
			d.remove(d.order[i])
			continue
		}
		a.synced = true
	}
}

// flip changes one bit of one artifact; false if there is none.
func (d *disk) flip() bool {
	if len(d.order) == 0 {
		return false
	}
	a := d.artifacts[d.order[d.n.w.rng.IntN(len(d.order))]]
	a.bytes = append([]byte(nil), a.bytes...)
	a.bytes[d.n.w.rng.IntN(len(a.bytes))] ^= 1 << d.n.w.rng.IntN(8)
	return true
}
