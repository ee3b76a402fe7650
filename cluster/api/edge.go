package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"connectrpc.com/connect"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
)

// errExpired ends the streams of a caller whose certificate has run out.
var errExpired = errors.New("certificate expired")

// ServeHTTP takes a request through the steps of the package's comment.
func (s *Server) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	rt := routes[r.URL.Path]
	if rt == nil {
		http.NotFound(out, r)
		return
	}
	started := time.Now()
	w := newResponse(out, rt.class == stream)
	c := &call{route: rt}
	r = r.WithContext(context.WithValue(r.Context(), callKey{}, c))
	if err := s.serve(w, r, c); err != nil {
		s.refuse(w, r, err)
	}
	if s.Observer != nil {
		s.Observer.Requested(r.URL.Path, cmp.Or(c.ended, w.code, "ok"), time.Since(started))
	}
}

// serve answers, or returns the reason why not.
func (s *Server) serve(w *response, r *http.Request, c *call) error {
	rt := c.route
	caller, err := s.caller(r, rt)
	if err != nil {
		return err
	}
	c.caller = caller
	if identity.ScopeOf(caller.Role, rt.action) == identity.None {
		return identity.Allow(caller.Identity, rt.action, "")
	}
	who := caller.ID
	if err := s.admission.enter(rt.class, who); err != nil {
		return err
	}
	defer s.admission.leave(rt.class, who)

	ctx, cancel := bounded(r.Context(), rt, caller)
	defer cancel()
	r = r.WithContext(ctx)
	if rt.timeout > 0 {
		w.control.SetWriteDeadline(time.Now().Add(rt.timeout + answerTimeout))
	}
	address, away, err := s.destination(rt, caller)
	if err != nil {
		return err
	}
	if away {
		if limit := rt.bodyLimit(r.Header.Get("Content-Type")); rt.class != stream {
			if r.ContentLength > limit {
				return tooBig(limit)
			}
			r.Body = &body{ReadCloser: r.Body, limit: limit, total: limit}
		}
		return s.forward(w, r, rt, caller, address)
	}
	if !rt.manyRequests() {
		release, err := s.limitBody(w, r, rt)
		if err != nil {
			return err
		}
		defer release()
	}
	s.mux.ServeHTTP(w, r)
	return nil
}

// caller finds out who asks.
func (s *Server) caller(r *http.Request, rt *route) (Caller, error) {
	id := s.Identity(r.Context())
	if isForwarded(r.Header) {
		return s.forwarded(r, id, rt)
	}
	return Caller{Identity: id, Origin: originIn(r.RemoteAddr)}, nil
}

// bounded ends a call in its route's time, a stream when the caller's certificate ends.
func bounded(ctx context.Context, rt *route, c Caller) (context.Context, context.CancelFunc) {
	switch {
	case rt.timeout > 0:
		return context.WithTimeout(ctx, rt.timeout)
	case !c.NotAfter.IsZero():
		return context.WithDeadlineCause(ctx, c.NotAfter, errExpired)
	}
	return context.WithCancel(ctx)
}

// destination says whether a call must go away to the leader, and where that is.
func (s *Server) destination(rt *route, c Caller) (address string, away bool, err error) {
	if rt.where == here || rt.where == voter && s.Role == identity.Voter {
		return "", false, nil
	}
	address, local := s.Leader()
	switch {
	case local:
		return "", false, nil
	case c.Forwarded:
		return "", false, fault.New(fault.CodeNoLeader, "this node does not lead any more").After(electionRetry)
	case address == "":
		return "", false, fault.New(fault.CodeNoLeader, "no leader is known").After(electionRetry)
	case rt.where == direct:
		return "", false, fault.New(fault.CodeNoLeader, "only the leader takes this: ask %s", address)
	}
	return address, true, nil
}

// refuse answers with an error in the caller's protocol, unless an answer has begun.
func (s *Server) refuse(w *response, r *http.Request, err error) {
	if w.wrote {
		return
	}
	sent := s.toWire(r.Context(), err)
	for _, h := range []string{headerCode, headerRetryAfter} {
		if v := sent.Meta().Get(h); v != "" {
			w.Header().Set(h, v) // gRPC and streams have no status to show it
		}
	}
	s.errors.Write(w, r, sent)
}

// manyRequests says whether the caller streams, so that only messages are bounded.
func (r *route) manyRequests() bool {
	return r.action == identity.ClusterRestore || r.action == identity.WorkerSession
}

// options bound what connect reads of a message.
func options(spec connect.Spec) []connect.HandlerOption {
	rt := routes[spec.Procedure]
	return []connect.HandlerOption{connect.WithReadMaxBytes(int(rt.bodyLimit("json")))}
}
