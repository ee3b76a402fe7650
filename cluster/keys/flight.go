package keys

import (
	"context"
	"sync"
)

// flights lets callers who want the same thing at the same time share one attempt, which
// goes on as long as one of them waits.
type flights struct {
	mu  sync.Mutex
	all map[string]*flight
}

type flight struct {
	waiting int // guarded by flights.mu
	cancel  context.CancelFunc
	done    chan struct{}
	err     error // once done is closed
}

func (f *flights) do(ctx context.Context, name string, run func(context.Context) error) error {
	f.mu.Lock()
	if f.all == nil {
		f.all = map[string]*flight{}
	}
	l := f.all[name]
	if l == nil {
		shared, cancel := context.WithTimeout(context.WithoutCancel(ctx), flightTimeout)
		l = &flight{cancel: cancel, done: make(chan struct{})}
		f.all[name] = l
		go func() {
			err := run(shared)
			f.mu.Lock()
			if f.all[name] == l {
				delete(f.all, name)
			}
			f.mu.Unlock()
			l.err = err
			cancel()
			close(l.done)
		}()
	}
	l.waiting++
	f.mu.Unlock()
	select {
	case <-l.done:
		return l.err
	case <-ctx.Done():
	}
	f.mu.Lock()
	if l.waiting--; l.waiting == 0 {
		l.cancel()
		if f.all[name] == l { // whoever comes now starts anew
			delete(f.all, name)
		}
	}
	f.mu.Unlock()
	return ctx.Err()
}
