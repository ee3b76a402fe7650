package node

import (
	"sync"
)

// faults holds why a node has to stop.
type faults struct {
	mu    sync.Mutex
	first error
	done  chan struct{}
}

func (f *faults) channel() chan struct{} {
	if f.done == nil {
		f.done = make(chan struct{})
	}
	return f.done
}

// add notes a fault. Only the first counts: the others follow from it.
func (f *faults) add(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	done := f.channel()
	if f.first == nil {
		f.first = err
		close(done)
	}
}

func (f *faults) err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.first
}

func (f *faults) happened() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.channel()
}
