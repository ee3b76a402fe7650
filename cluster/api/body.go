package api

import (
	"io"
	"net/http"
	"time"

	"rpp-node/cluster/fault"
)

// body bounds a request's body and counts what has arrived of it. Errors are in the form
// that connect passes on as they are. One goroutine reads at a time.
type body struct {
	io.ReadCloser
	limit   int64 // bytes that may still come
	total   int64
	admit   func(bytes int64) error // nil: not kept in memory
	drained func()                  // once, at the end of the body
}

func (b *body) Read(p []byte) (int, error) {
	if int64(len(p)) > b.limit+1 {
		p = p[:b.limit+1]
	}
	n, err := b.ReadCloser.Read(p)
	b.limit -= int64(n)
	if b.limit < 0 {
		return 0, toWire(tooBig(b.total), "")
	}
	if n > 0 && b.admit != nil {
		if err := b.admit(int64(n)); err != nil {
			return 0, toWire(err, "")
		}
	}
	if err == io.EOF && b.drained != nil {
		b.drained()
		b.drained = nil
	}
	return n, err
}

func tooBig(max int64) error {
	return fault.New(fault.CodeTooBig, "the request is longer than %d bytes", max)
}

// bodyLimit is how long the body of a call may be: JSON needs a third more, for base64.
func (r *route) bodyLimit(contentType string) int64 {
	if isJSON(contentType) {
		return r.bodyMax/3*4 + slackBytes
	}
	return r.bodyMax
}

// limitBody wraps the body of a call that is not a stream of requests. What it holds must
// be given back when the call is over.
func (s *Server) limitBody(w *response, r *http.Request, rt *route) (release func(), err error) {
	limit := rt.bodyLimit(r.Header.Get("Content-Type"))
	if r.ContentLength > limit {
		return nil, tooBig(limit)
	}
	var held int64
	take := func(bytes int64) error {
		if err := s.admission.hold(rt.class, bytes); err != nil {
			return err
		}
		held += bytes
		return nil
	}
	admit := take
	if r.ContentLength > 0 { // known: refuse before a byte is read
		if err := take(r.ContentLength); err != nil {
			return nil, err
		}
		admit = nil
	}
	if rt.read > 0 {
		// A deadline that outlives the body would end the call itself on HTTP/1.1.
		w.control.SetReadDeadline(time.Now().Add(rt.read))
	}
	r.Body = &body{ReadCloser: r.Body, limit: limit, total: limit, admit: admit, drained: func() {
		w.control.SetReadDeadline(time.Time{})
	}}
	return func() { s.admission.release(rt.class, held) }, nil
}
