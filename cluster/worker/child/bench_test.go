package child

import (
	"bytes"
	"testing"
)

// What a process of its own costs: the same proof, in this process and in the device's,
// one after the other.
func BenchmarkOverhead(b *testing.B) {
	j, err := newJob("block-512", "production", 512)
	if err != nil {
		b.Fatal(err)
	}
	r := open(b, nil)
	run := func() error {
		task := j.task
		task.Witness = bytes.Clone(j.task.Witness)
		_, err := r.Run(b.Context(), &task, nil)
		return err
	}
	if err := run(); err != nil { // the key is loaded
		b.Fatal(err)
	}
	b.Run("here", func(b *testing.B) {
		for b.Loop() {
			if m, err := j.local(); err != nil || len(m.File.Encode()) == 0 {
				b.Fatal(err)
			}
		}
	})
	b.Run("there", func(b *testing.B) {
		for b.Loop() {
			if err := run(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
