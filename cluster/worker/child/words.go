package child

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
)

// words listens to a process's standard error: each line is logged, and the last words
// are kept. Those of a Go program that dies begin with a line that says why, and may be
// followed by more goroutines than anybody keeps.
type words struct {
	log *slog.Logger

	mu    sync.Mutex
	line  []byte // guarded by mu; not ended yet
	kept  []byte // guarded by mu
	dying bool   // guarded by mu; kept begins with the reason
}

// reasons begin the line in which a Go program says why it dies.
var reasons = []string{"panic: ", "fatal error: ", "runtime: ", "SIG"}

// Write implements io.Writer.
func (w *words) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for rest := p; len(rest) > 0; {
		part, after, ended := bytes.Cut(rest, []byte("\n"))
		w.line = append(w.line, part[:min(len(part), MaxLineBytes-len(w.line))]...)
		if ended {
			w.end()
		}
		rest = after
	}
	return len(p), nil
}

// end takes in a line.
func (w *words) end() {
	line := string(w.line)
	w.line = w.line[:0]
	if line == "" {
		return
	}
	w.log.Warn("device process", "line", line)
	if !w.dying {
		for _, r := range reasons {
			if strings.HasPrefix(line, r) {
				w.dying, w.kept = true, nil
			}
		}
	}
	w.kept = append(append(w.kept, line...), '\n')
	if over := len(w.kept) - MaxCrashTextBytes; over > 0 {
		if w.dying {
			w.kept = w.kept[:MaxCrashTextBytes]
		} else {
			w.kept = w.kept[over:]
		}
	}
}

// last are the last words.
func (w *words) last() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.line) > 0 {
		w.end()
	}
	return strings.TrimSpace(string(w.kept))
}
