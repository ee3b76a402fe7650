package api

import (
	"context"
	"errors"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
)

// Final says whether a job in this state stays in it, until somebody revives it.
func Final(s rppv1.JobState) bool {
	switch s {
	case rppv1.JobState_JOB_STATE_RELEASED, rppv1.JobState_JOB_STATE_FAILED,
		rppv1.JobState_JOB_STATE_CANCELLED, rppv1.JobState_JOB_STATE_QUARANTINED:
		return true
	}
	return false
}

// Watch calls see for the present state of a job and every change until a final one, which
// it returns. A stream that breaks is opened again, at another node; see does not hear the
// same state twice in a row. It ends early with the context, or with see's error.
func (c *Client) Watch(ctx context.Context, id [32]byte, see func(*rppv1.Job) error) (*rppv1.Job, error) {
	var last *rppv1.Job
	pause := retryFirst
	for {
		address := c.Address()
		job, err := c.watchOnce(withAddress(ctx, address), id, &last, see)
		if err == nil && job != nil {
			return job, nil
		}
		if err == nil { // ended without a final state: the node closes down
			err = fault.New(fault.CodeUnreachable, "the stream ended early")
		}
		var stop *stopped
		if errors.As(err, &stop) {
			return last, stop.err
		}
		e := FromError(err)
		if ctx.Err() != nil {
			return last, ctx.Err()
		}
		if !c.again(routes[string(identity.JobWatch)], e, err) && e.Kind != fault.Unavailable {
			return last, e
		}
		c.Avoid(address, LeaderIn(err))
		if !c.sleep(ctx, max(e.RetryAfter, pause)) {
			return last, e
		}
		pause = min(2*pause, retryMax)
	}
}

// stopped carries the error of whoever watches past the retries.
type stopped struct{ err error }

func (s *stopped) Error() string { return s.err.Error() }

// watchOnce follows one stream. It returns the final job, or none if the stream ended.
func (c *Client) watchOnce(ctx context.Context, id [32]byte, last **rppv1.Job, see func(*rppv1.Job) error) (*rppv1.Job, error) {
	ctx, cancel := context.WithCancel(ctx) // takes the stream down on every way out
	defer cancel()
	stream, err := c.Jobs.Watch(ctx, connect.NewRequest(&rppv1.WatchRequest{Id: id[:]}))
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	for stream.Receive() {
		job := stream.Msg().Job
		if *last == nil || !proto.Equal(*last, job) {
			if err := see(job); err != nil {
				return nil, &stopped{err}
			}
		}
		*last = job
		if Final(job.GetState()) {
			return job, nil
		}
	}
	return nil, stream.Err()
}
