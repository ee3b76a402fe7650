package child

import (
	"bytes"
	"slices"
	"syscall"
	"testing"
	"time"
)

// What a process of its own costs: the same proof in this process and in the device's, in
// turns, so that what else the machine does falls on both.
func BenchmarkOverhead(b *testing.B) {
	j, err := newJob("block-512", "production", 512, 0)
	if err != nil {
		b.Fatal(err)
	}
	r := open(b, func(o *Options) { o.Nice = 0 })
	here := func() error {
		m, err := j.local()
		if err == nil && len(m.File.Encode()) != len(j.file) {
			b.Fatal("another file")
		}
		return err
	}
	var inChild time.Duration // processor time
	there := func() error {
		task := j.task
		task.Witness = bytes.Clone(j.task.Witness)
		result, err := r.Run(b.Context(), &task, nil)
		if err == nil {
			inChild += result.Usage.CPU
		}
		return err
	}
	if err := there(); err != nil { // the key is loaded
		b.Fatal(err)
	}
	var took, used [2][]time.Duration
	for b.Loop() {
		for i, run := range []func() error{here, there} {
			start, cpu := time.Now(), processor()
			inChild = 0
			if err := run(); err != nil {
				b.Fatal(err)
			}
			took[i] = append(took[i], time.Since(start))
			used[i] = append(used[i], processor()-cpu+inChild)
		}
	}
	for i, name := range []string{"here", "there"} {
		for what, list := range map[string][]time.Duration{"wall": took[i], "cpu": used[i]} {
			slices.Sort(list)
			b.ReportMetric(list[0].Seconds()*1000, name+"-"+what+"-min-ms")
			b.ReportMetric(list[len(list)/2].Seconds()*1000, name+"-"+what+"-p50-ms")
		}
	}
}

// processor is the processor time of this process.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
