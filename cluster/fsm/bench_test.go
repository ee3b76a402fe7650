package fsm

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"
)

// crowd is a state with that many live jobs, of specs as large as those of real families.
func crowd(t testing.TB, jobs int) *lab {
	l := newLab()
	conf := l.s.Configuration()
	conf.JobsPerTenantMax = maxLiveJobs
	l.must(t, &Configure{Configuration: conf})
	for i := range jobs {
		l.must(t, large(i))
	}
	l.log = nil
	return l
}

func large(i int) *SubmitJob {
	c := submit(i, fmt.Sprint("tenant-", i%100), fmt.Sprint("block-", i))
	c.Spec = append(bytes.Repeat([]byte{'s'}, 500), fmt.Sprint(i)...)
	return c
}

func BenchmarkApplySubmit(b *testing.B) {
	l := newLab()
	conf := l.s.Configuration()
	conf.JobsPerTenantMax = maxLiveJobs
	l.must(b, &Configure{Configuration: conf})
	entries := make([][]byte, 10_000)
	for i := range entries {
		entries[i], _ = Encode(large(i))
	}
	m := follow(l)
	index := l.index
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%len(entries) == 0 {
			m = follow(l)
			index = l.index
		}
		index++
		m.Apply(index, entries[i%len(entries)])
	}
}

func BenchmarkApplyRelease(b *testing.B) {
	l := newLab()
	l.must(b, submit(0, "a", "k"))
	c := release(0, d(50), 0, 1)
	b.ReportAllocs()
	for b.Loop() {
		s := *l.s
		s.jobs, s.index = map[JobID]*Job{}, newIndex()
		s.replace(nil, l.s.jobs[job(0)].clone())
		if r := Apply(&s, l.index+1, c); r.Err != nil {
			b.Fatal(r.Err)
		}
	}
}

func BenchmarkFreeze100kJobs(b *testing.B) {
	l := crowd(b, 100_000)
	for b.Loop() {
		l.s.Freeze()
	}
}

func BenchmarkWriteSnapshot100kJobs(b *testing.B) {
	l := crowd(b, 100_000)
	for b.Loop() {
		n, err := l.s.Freeze().WriteTo(io.Discard)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(n)
	}
}

func BenchmarkReadSnapshot100kJobs(b *testing.B) {
	snapshot := snapshotOf(b, crowd(b, 100_000).s)
	b.SetBytes(int64(len(snapshot)))
	for b.Loop() {
		if _, err := ReadSnapshot(bytes.NewReader(snapshot)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLiveJobs100k(b *testing.B) {
	l := crowd(b, 100_000)
	for b.Loop() {
		l.s.LiveJobs()
	}
}

// BenchmarkApplyDuringSnapshot tells how long Apply takes, at most, while snapshots of
// 100,000 jobs are made and written.
func BenchmarkApplyDuringSnapshot(b *testing.B) {
	l := crowd(b, 100_000)
	m := &Machine{state: l.s, onFatal: func(err error) { b.Error(err) }, subscribers: map[*Subscriber]struct{}{}}
	entry, _ := Encode(&Expire{Header{NowMS: l.nowMS}})
	index := l.index
	var all []time.Duration
	apply := func() {
		index++
		start := time.Now()
		m.Apply(index, entry)
		all = append(all, time.Since(start))
	}
	for b.Loop() {
		start := time.Now()
		w, err := m.Snapshot()
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, time.Since(start)) // Apply waits for it
		done := make(chan struct{})
		go func() {
			defer close(done)
			if _, err := w.WriteTo(io.Discard); err != nil {
				b.Error(err)
			}
		}()
		for writing := true; writing; {
			select {
			case <-done:
				writing = false
			default:
				apply()
				time.Sleep(100 * time.Microsecond)
			}
		}
	}
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)-1].Microseconds()), "stall-max-us")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "apply-p99-us")
}

// BenchmarkExpire is the largest Expire: 4096 jobs out of 100,000.
func BenchmarkExpire(b *testing.B) {
	var index uint64
	for b.Loop() {
		b.StopTimer()
		l := crowd(b, 100_000)
		for i := range maxForgotten {
			l.must(b, cancel(large(i).Tenant, large(i).IdempotencyKey))
		}
		index = l.index + 1
		b.StartTimer()
		if r := Apply(l.s, index, &Expire{Header{NowMS: 1 << 40}}); r.Expired != maxForgotten {
			b.Fatal(r)
		}
	}
}

// BenchmarkCompact is the longest compaction of a timeline.
func BenchmarkCompact(b *testing.B) {
	l := crowd(b, 100_000)
	for b.Loop() {
		l.s.all.dead = len(l.s.all.entries)
		l.s.all.trim()
	}
}
