package keys

import (
	"context"
	"sync"
)

// flights lets callers who want the same thing at the same time share one attempt. When all
// of them have gone away it is told to end; until it has, there is no other.
type flights struct {
	mu  sync.Mutex
	all map[string]*flight // guarded by mu
}

type flight struct {
	waiting int // guarded by flights.mu
	cancel  context.CancelFunc
	done    chan struct{}
	// Once done is closed: what came of it, and whether it was told to end.
	err  error
	left bool
}

func (f *flights) do(ctx context.Context, name string, run func(context.Context) error) error {
	for {
		l := f.join(ctx, name, run)
		select {
		case <-l.done:
			if l.err != nil && l.left && ctx.Err() == nil {
				continue // it failed because others had gone away
			}
			return l.err
		case <-ctx.Done():
		}
		f.mu.Lock()
		if l.waiting--; l.waiting == 0 {
			l.cancel()
		}
		f.mu.Unlock()
		return ctx.Err()
	}
}

// join takes part in the attempt that is under way, or begins one.
func (f *flights) join(ctx context.Context, name string, run func(context.Context) error) *flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	l := f.all[name]
	if l == nil {
		shared, cancel := context.WithTimeout(context.WithoutCancel(ctx), flightTimeout)
		l = &flight{cancel: cancel, done: make(chan struct{})}
		if f.all == nil {
			f.all = map[string]*flight{}
		}
		f.all[name] = l
		go func() {
			defer cancel()
			l.err = run(shared)
			f.mu.Lock()
			defer f.mu.Unlock()
			l.left = shared.Err() == context.Canceled
			delete(f.all, name)
			close(l.done)
		}()
	}
	l.waiting++
	return l
}
