package api

import (
	"context"
	"errors"
	"math"
	"net"
	"net/http"
	"strconv"
	"time"

	"connectrpc.com/connect"

	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
)

// Headers of errors: trailers in gRPC and in streams.
const (
	headerCode       = "Rpp-Code"
	headerRetryAfter = "Retry-After"
)

// wire is what a kind becomes: a code of connect and an HTTP status.
type wire struct {
	code   connect.Code
	status int
}

var wires = map[fault.Kind]wire{
	fault.Invalid:         {connect.CodeInvalidArgument, http.StatusBadRequest},
	fault.Unauthenticated: {connect.CodeUnauthenticated, http.StatusUnauthorized},
	fault.Denied:          {connect.CodePermissionDenied, http.StatusForbidden},
	fault.NotFound:        {connect.CodeNotFound, http.StatusNotFound},
	fault.Conflict:        {connect.CodeAborted, http.StatusConflict},
	fault.Exhausted:       {connect.CodeResourceExhausted, http.StatusTooManyRequests},
	fault.NoSpace:         {connect.CodeResourceExhausted, http.StatusInsufficientStorage},
	fault.Unavailable:     {connect.CodeUnavailable, http.StatusServiceUnavailable},
	fault.Rejected:        {connect.CodeFailedPrecondition, http.StatusUnprocessableEntity},
	fault.Corrupt:         {connect.CodeDataLoss, http.StatusInternalServerError},
	fault.Internal:        {connect.CodeInternal, http.StatusInternalServerError},
}

// statusOf is the HTTP status of an error, 0 for a code that nobody knows.
func statusOf(code fault.Code) int {
	if code == fault.CodeTooBig {
		return http.StatusRequestEntityTooLarge
	}
	return wires[fault.KindOf(code)].status
}

// toWire makes what is sent of an error; leader, if known, goes with no-leader. What is
// not a *fault.Error is nobody's business but the log's.
func toWire(err error, leader string) *connect.Error {
	var sent *connect.Error
	if errors.As(err, &sent) {
		return sent
	}
	var e *fault.Error
	if !errors.As(err, &e) {
		switch {
		case errors.Is(err, context.Canceled):
			return connect.NewError(connect.CodeCanceled, errors.New("cancelled"))
		case errors.Is(err, context.DeadlineExceeded):
			return connect.NewError(connect.CodeDeadlineExceeded, errors.New("the call's time is over"))
		}
		e = fault.New(fault.CodeInternal, "the node failed to answer")
	}
	out := connect.NewError(wires[e.Kind].code, errors.New(e.Message))
	detail := &rppv1.ErrorDetail{Code: string(e.Code), Remedy: e.Remedy, RetryAfterMs: e.RetryAfter.Milliseconds()}
	if e.Code == fault.CodeNoLeader {
		detail.Leader = leader
	}
	if d, err := connect.NewErrorDetail(detail); err == nil {
		out.AddDetail(d)
	}
	out.Meta().Set(headerCode, string(e.Code))
	if e.RetryAfter > 0 {
		out.Meta().Set(headerRetryAfter, strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds()))))
	}
	return out
}

// FromError turns what a call returned into the error that the other side made. An error
// without a detail was made before any of ours: by a connection, a proxy, or the decoding
// of a message. Nil stays nil.
func FromError(err error) *fault.Error {
	if err == nil {
		return nil
	}
	var e *fault.Error
	if errors.As(err, &e) {
		return e
	}
	var sent *connect.Error
	if !errors.As(err, &sent) {
		return fault.New(fault.CodeUnreachable, "%w", err)
	}
	if detail := detailOf(sent); detail != nil {
		return &fault.Error{
			Kind: kindOf(detail.Code, sent.Code()), Code: fault.Code(detail.Code), Message: sent.Message(),
			Remedy: detail.Remedy, RetryAfter: time.Duration(detail.RetryAfterMs) * time.Millisecond, Err: sent,
		}
	}
	code, ok := plain[sent.Code()]
	if !ok {
		code = fault.CodeInternal
	}
	return fault.New(code, "%w", err)
}

// plain is what an error without a detail means.
var plain = map[connect.Code]fault.Code{
	connect.CodeInvalidArgument:   fault.CodeField,
	connect.CodeResourceExhausted: fault.CodeTooBig, // ours of this code have a detail
	connect.CodeUnauthenticated:   fault.CodeUnauthenticated,
	connect.CodePermissionDenied:  fault.CodeDenied,
	connect.CodeUnimplemented:     fault.CodeVersion,
	connect.CodeUnavailable:       fault.CodeUnreachable,
	connect.CodeCanceled:          fault.CodeUnreachable,
	connect.CodeDeadlineExceeded:  fault.CodeUnreachable,
	connect.CodeUnknown:           fault.CodeUnreachable, // the connection broke in between
}

// kindOf is the kind of a code, of a newer release's too.
func kindOf(code string, sent connect.Code) fault.Kind {
	if kind := fault.KindOf(fault.Code(code)); kind != 0 {
		return kind
	}
	best := fault.Internal
	for kind, w := range wires {
		if w.code == sent && kind < best {
			best = kind
		}
	}
	return best
}

// detailOf finds the detail of an error, nil if it has none.
func detailOf(err *connect.Error) *rppv1.ErrorDetail {
	for _, d := range err.Details() {
		if v, e := d.Value(); e == nil {
			if detail, ok := v.(*rppv1.ErrorDetail); ok && detail.Code != "" {
				return detail
			}
		}
	}
	return nil
}

// LeaderIn is the address that an error advises to ask instead, empty if none.
func LeaderIn(err error) string {
	var sent *connect.Error
	if errors.As(err, &sent) {
		if d := detailOf(sent); d != nil {
			return d.Leader
		}
	}
	return ""
}

// neverSent says that a call did not reach anybody: no connection was made. The errors of
// ours that did not come over the wire are those of whoever dials.
func neverSent(err error) bool {
	var op *net.OpError
	var dialled *fault.Error
	return errors.As(err, &dialled) || errors.As(err, &op) && op.Op == "dial"
}
