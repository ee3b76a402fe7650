package lru

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

type value struct{ freed atomic.Int32 }

// counters is what the observers saw.
type counters struct{ hits, misses, evictions, frees atomic.Int64 }

func open(t rapid.TB, capacityBytes int64) (*Cache[int, *value], *counters) {
	n := &counters{}
	return New(Options[int, *value]{
		CapacityBytes: capacityBytes,
		Free: func(key int, v *value) {
			n.frees.Add(1)
			if v.freed.Add(1) != 1 {
				t.Errorf("key %d freed twice", key)
			}
		},
		Hit:     func(int) { n.hits.Add(1) },
		Miss:    func(int) { n.misses.Add(1) },
		Evicted: func(int, int64) { n.evictions.Add(1) },
	}), n
}

func sized(sizeBytes int64) Load[*value] {
	return func(context.Context) (*value, int64, error) { return &value{}, sizeBytes, nil }
}

func acquire(t rapid.TB, c *Cache[int, *value], key int, sizeBytes int64) (*value, func()) {
	v, release, err := c.Acquire(context.Background(), key, sized(sizeBytes))
	if err != nil {
		t.Fatal(err)
	}
	return v, release
}

func TestEvictsWhatWasUnusedForLongest(t *testing.T) {
	c, n := open(t, 30)
	for key := range 3 {
		_, release := acquire(t, c, key, 10)
		release()
	}
	_, release := acquire(t, c, 0, 10) // a hit: 1 is the oldest now
	release()
	_, release = acquire(t, c, 3, 10)
	release()
	if c.HeldBytes() != 30 || n.evictions.Load() != 1 || n.hits.Load() != 1 || n.misses.Load() != 4 {
		t.Errorf("%d bytes held, %d evictions, %d hits, %d misses", c.HeldBytes(), n.evictions.Load(), n.hits.Load(), n.misses.Load())
	}
	if _, ok := c.entries[1]; ok {
		t.Error("1 is still there")
	}
}

func TestInUseIsNeverFreed(t *testing.T) {
	c, n := open(t, 10)
	a, releaseA := acquire(t, c, 1, 10)
	b, releaseB := acquire(t, c, 2, 10)
	if c.HeldBytes() != 20 || n.frees.Load() != 0 {
		t.Fatalf("%d bytes held, %d freed", c.HeldBytes(), n.frees.Load())
	}
	releaseA()
	releaseA() // does nothing
	if a.freed.Load() != 1 || b.freed.Load() != 0 || c.HeldBytes() != 10 {
		t.Errorf("a freed %d times, b %d, %d bytes held", a.freed.Load(), b.freed.Load(), c.HeldBytes())
	}
	releaseB()
	if b.freed.Load() != 0 {
		t.Error("b fits, and was freed")
	}
}

func TestLargerThanTheCapacity(t *testing.T) {
	c, _ := open(t, 10)
	v, release := acquire(t, c, 1, 11)
	if v.freed.Load() != 0 {
		t.Error("freed while in use")
	}
	release()
	if v.freed.Load() != 1 || c.HeldBytes() != 0 || c.Count() != 0 {
		t.Errorf("freed %d times, %d bytes held", v.freed.Load(), c.HeldBytes())
	}
}

func TestRemoveAndClose(t *testing.T) {
	c, n := open(t, 100)
	idle, release := acquire(t, c, 1, 10)
	release()
	used, releaseUsed := acquire(t, c, 2, 10)
	c.Remove(1)
	c.Remove(2)
	c.Remove(3)
	if idle.freed.Load() != 1 || used.freed.Load() != 0 || c.Count() != 0 || c.HeldBytes() != 10 {
		t.Errorf("idle freed %d, used freed %d, %d keys, %d bytes", idle.freed.Load(), used.freed.Load(), c.Count(), c.HeldBytes())
	}
	again, releaseAgain := acquire(t, c, 2, 10)
	if again == used {
		t.Error("a forgotten value came back")
	}
	c.Close()
	if _, _, err := c.Acquire(context.Background(), 2, sized(1)); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	releaseUsed()
	releaseAgain()
	if n.frees.Load() != 3 || n.evictions.Load() != 0 || c.HeldBytes() != 0 {
		t.Errorf("%d freed, %d evicted, %d bytes held", n.frees.Load(), n.evictions.Load(), c.HeldBytes())
	}
}

// Everybody who asks during a load shares it.
func TestSingleFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, n := open(t, 10)
		var loads atomic.Int32
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				_, release, err := c.Acquire(t.Context(), 1, func(context.Context) (*value, int64, error) {
					loads.Add(1)
					time.Sleep(time.Second)
					return &value{}, 10, nil
				})
				if err != nil {
					t.Error(err)
					return
				}
				time.Sleep(time.Second)
				release()
			})
		}
		group.Wait()
		if loads.Load() != 1 || n.misses.Load() != 1 || n.hits.Load() != 19 || n.frees.Load() != 0 {
			t.Errorf("%d loads, %d misses, %d hits, %d freed", loads.Load(), n.misses.Load(), n.hits.Load(), n.frees.Load())
		}
	})
}

func TestFailedLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, n := open(t, 10)
		broken := errors.New("broken")
		var group sync.WaitGroup
		for range 5 {
			group.Go(func() {
				_, _, err := c.Acquire(t.Context(), 1, func(context.Context) (*value, int64, error) {
					time.Sleep(time.Second)
					return nil, 0, broken
				})
				if !errors.Is(err, broken) {
					t.Errorf("%v, want that of the load", err)
				}
			})
		}
		group.Wait()
		if n.misses.Load() != 1 || c.Count() != 0 {
			t.Errorf("%d loads, %d keys left", n.misses.Load(), c.Count())
		}
		_, release := acquire(t, c, 1, 10)
		release()
	})
}

// A caller who gives up takes nobody along: if he was loading, the next one does.
func TestGivingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, n := open(t, 10)
		slow := func(ctx context.Context) (*value, int64, error) {
			select {
			case <-time.After(10 * time.Second):
				return &value{}, 10, nil
			case <-ctx.Done():
				return nil, 0, fmt.Errorf("load: %w", ctx.Err())
			}
		}
		var group sync.WaitGroup
		ask := func(patience time.Duration, want error) {
			group.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				_, release, err := c.Acquire(ctx, 1, slow)
				if !errors.Is(err, want) {
					t.Errorf("patience %v: %v, want %v", patience, err, want)
				}
				if err == nil {
					release()
				}
			})
			synctest.Wait()
		}
		ask(5*time.Second, context.DeadlineExceeded) // the loader
		ask(2*time.Second, context.DeadlineExceeded) // waits in vain
		ask(time.Minute, nil)                        // loads in his place
		ask(time.Minute, nil)
		group.Wait()
		if n.misses.Load() != 1 || c.HeldBytes() != 10 {
			t.Errorf("%d misses, %d bytes held", n.misses.Load(), c.HeldBytes())
		}
		c.Close()
		if n.frees.Load() != 1 {
			t.Errorf("%d freed", n.frees.Load())
		}
	})
}

func TestPanickingLoadFailsThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := open(t, 10)
		go func() {
			defer func() { _ = recover() }()
			_, _, _ = c.Acquire(t.Context(), 1, func(context.Context) (*value, int64, error) {
				time.Sleep(time.Second)
				panic("a broken load")
			})
		}()
		synctest.Wait()
		if _, _, err := c.Acquire(t.Context(), 1, sized(1)); err == nil {
			t.Error("no error")
		}
	})
}

// Against a model: the keys that are kept, in the order of their use, and what is freed.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const capacityBytes = 20
		c, n := open(t, capacityBytes)
		type use struct {
			key     int
			v       *value
			release func()
		}
		var uses []use
		inUse := map[*value]int{}
		t.Repeat(map[string]func(*rapid.T){
			"acquire": func(t *rapid.T) {
				key := rapid.IntRange(0, 6).Draw(t, "key")
				v, release := acquire(t, c, key, rapid.Int64Range(1, 12).Draw(t, "size"))
				uses = append(uses, use{key, v, release})
				inUse[v]++
			},
			"release": func(t *rapid.T) {
				if len(uses) == 0 {
					t.Skip("none in use")
				}
				i := rapid.IntRange(0, len(uses)-1).Draw(t, "use")
				inUse[uses[i].v]--
				uses[i].release()
				uses = append(uses[:i], uses[i+1:]...)
			},
			"remove": func(t *rapid.T) { c.Remove(rapid.IntRange(0, 6).Draw(t, "key")) },
			"": func(t *rapid.T) {
				var users int
				for v, count := range inUse {
					users += count
					if count > 0 && v.freed.Load() != 0 {
						t.Fatal("freed while in use")
					}
				}
				if users == 0 && c.HeldBytes() > capacityBytes {
					t.Fatalf("%d bytes are held and nobody uses them", c.HeldBytes())
				}
			},
		})
		for _, u := range uses {
			u.release()
		}
		c.Close()
		if n.frees.Load() != n.misses.Load() || c.HeldBytes() != 0 {
			t.Fatalf("%d loaded, %d freed, %d bytes held", n.misses.Load(), n.frees.Load(), c.HeldBytes())
		}
	})
}
