//go:build linux

package processtest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"connectrpc.com/connect"
	"golang.org/x/sys/unix"

	"rpp-node/cluster/api"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
)

// fill takes all but some bytes of a node's disk; free gives them back.
func (r *rig) fill(p *process, leave int64) (free func()) {
	r.tally.count(&r.tally.diskFull)
	path := filepath.Join(p.dir, "filler")
	f, err := os.Create(path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 64<<10)
	for {
		var s unix.Statfs_t
		if err := unix.Statfs(p.dir, &s); err != nil {
			r.t.Fatal(err)
		}
		left := int64(s.Bavail)*s.Bsize - leave
		if left <= 0 {
			break
		}
		if _, err := f.Write(block[:min(left, int64(len(block)))]); errors.Is(err, unix.ENOSPC) {
			break
		} else if err != nil {
			r.t.Fatal(err)
		}
	}
	return func() {
		if err := os.Remove(path); err != nil {
			r.t.Error(err)
		}
	}
}

// refuses submits new jobs until one is refused for want of space.
func (r *rig) refuses() {
	err := r.await("a refusal for want of space", 5*time.Second, func() bool {
		ctx, cancel := context.WithTimeout(r.t.Context(), 3*time.Second)
		defer cancel()
		body := witness(r.load.size, r.random.Uint64())
		_, err := r.access(tenants[0]).Jobs.Submit(ctx, connect.NewRequest(&rppv1.SubmitRequest{Family: family, Witness: body}))
		if err == nil {
			return false
		}
		e := fault.Of(api.FromError(err))
		if e.Kind != fault.NoSpace && e.Kind != fault.Exhausted {
			r.t.Logf("a disk is full: %v", e)
			return false
		}
		if e.RetryAfter == 0 {
			r.t.Errorf("refused without saying when to come again: %v", e)
		}
		return true
	})
	if err != nil {
		r.tally.count(&r.tally.wrong)
		r.t.Error(err)
	}
}

// diskFull fills disks: a follower's, without which the others go on; the leader's; those of
// a majority; to the head-room, and to the last byte.
func diskFull(r *rig) {
	r.start(6)
	for _, leave := range []int64{freeBytes / 2, 0} {
		for _, c := range []struct {
			name              string
			leader, followers int
		}{
			{"a follower's disk", 0, 1},
			{"the leader's disk", 1, 0},
			{"a majority's disks", 1, 1},
		} {
			l, f := r.leader(), r.follower()
			full := append([]*process{l}[:c.leader], []*process{f}[:c.followers]...)
			var frees []func()
			for _, p := range full {
				frees = append(frees, r.fill(p, leave))
			}
			if c.leader > 0 {
				r.refuses()
			}
			time.Sleep(time.Second)
			for _, p := range full {
				if reason := p.unexpected(); reason != "" {
					r.tally.count(&r.tally.wrong)
					r.t.Errorf("%s, %d bytes left: %s", c.name, leave, reason)
				}
			}
			for _, free := range frees {
				free()
			}
			if took := r.recovered("%s full to %d bytes, and free again", c.name, leave); took > 5*time.Second {
				r.t.Errorf("accepts again after %v", took)
			}
			for _, p := range full {
				if !p.alive() {
					r.restart(p)
				}
			}
		}
	}
}
