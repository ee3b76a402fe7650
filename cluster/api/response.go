package api

import (
	"net/http"
	"time"

	"rpp-node/cluster/fault"
)

// response gives errors their HTTP status, which connect knows too few of, and each write
// of a stream a deadline: a reader that stands still must not keep a call for ever.
type response struct {
	http.ResponseWriter
	control *http.ResponseController
	stream  bool
	wrote   bool
	code    string // how the call ended, if by an error of ours
}

func newResponse(w http.ResponseWriter, stream bool) *response {
	return &response{ResponseWriter: w, control: http.NewResponseController(w), stream: stream}
}

func (w *response) WriteHeader(status int) {
	if code := w.Header().Get(headerCode); code != "" {
		w.code = code
		if s := statusOf(fault.Code(code)); s != 0 && status >= http.StatusBadRequest {
			status = s
		}
	}
	w.wrote = true
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(p []byte) (int, error) {
	defer w.deadline()()
	w.wrote = true
	return w.ResponseWriter.Write(p)
}

// Flush implements http.Flusher, which connect asks of a stream's writer.
func (w *response) Flush() {
	defer w.deadline()()
	w.wrote = true
	// An error here shows at the next write.
	w.control.Flush()
}

// deadline sets one and returns what takes it away: in HTTP/2 it ends idle streams too.
func (w *response) deadline() func() {
	if !w.stream {
		return func() {}
	}
	w.control.SetWriteDeadline(time.Now().Add(writeTimeout))
	return func() { w.control.SetWriteDeadline(time.Time{}) }
}

// Unwrap lets http.ResponseController find the writer below.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }
