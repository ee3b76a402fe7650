package leader

import (
	"context"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
)

// Stream is a worker's connection. Send and Receive may be called at the same time, each by
// one goroutine. A Receive that waits fails when Session has returned, if not before: nothing
// else ends it while the worker is silent.
type Stream interface {
	Send(*internalv1.LeaderMessage) error
	Receive() (*internalv1.WorkerMessage, error)
}

// received is what a stream gave.
type received struct {
	message *internalv1.WorkerMessage
	err     error
}

// receiving reads a stream, so that a session can end while a worker is silent.
func receiving(ctx context.Context, stream Stream) <-chan received {
	in := make(chan received)
	go func() {
		for {
			m, err := stream.Receive()
			select {
			case in <- received{m, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return in
}

// next waits for the worker's next message.
func next(ctx context.Context, in <-chan received) (*internalv1.WorkerMessage, error) {
	select {
	case r := <-in:
		return r.message, r.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
