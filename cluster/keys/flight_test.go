package keys

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestFlightIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f flights
		var runs atomic.Int32
		failure := errors.New("failure")
		for range 5 {
			go func() {
				err := f.do(t.Context(), "a", func(context.Context) error {
					runs.Add(1)
					time.Sleep(time.Second)
					return failure
				})
				if err != failure {
					t.Errorf("the answer is %v", err)
				}
			}()
		}
		time.Sleep(2 * time.Second)
		if n := runs.Load(); n != 1 {
			t.Errorf("%d runs, want 1", n)
		}
	})
}

// TestFlightThatEverybodyLeft: an attempt that takes no notice of its context, as a
// derivation does, is joined by who comes later, never run beside another.
func TestFlightThatEverybodyLeft(t *testing.T) {
	for _, heeds := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var f flights
			var now, most, runs atomic.Int32
			run := func(ctx context.Context) error {
				defer now.Add(-1)
				most.Store(max(most.Load(), now.Add(1)))
				runs.Add(1)
				if !heeds {
					time.Sleep(10 * time.Second)
					return nil
				}
				select {
				case <-time.After(10 * time.Second):
					return nil
				case <-ctx.Done():
					time.Sleep(time.Second)
					return ctx.Err()
				}
			}
			hasty, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if err := f.do(hasty, "a", run); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("who left got %v", err)
			}
			if err := f.do(t.Context(), "a", run); err != nil {
				t.Errorf("who came later got %v", err)
			}
			want := int32(1)
			if heeds {
				want = 2
			}
			if most.Load() != 1 || runs.Load() != want {
				t.Errorf("%d runs, %d at once; want %d, one at a time", runs.Load(), most.Load(), want)
			}
		})
	}
}
