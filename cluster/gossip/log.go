package gossip

import (
	"context"
	"log"
	"log/slog"
	"strings"
)

// logWriter turns the lines that memberlist logs, "[WARN] memberlist: text", into records.
type logWriter struct{ to *slog.Logger }

func newLogger(to *slog.Logger) *log.Logger { return log.New(logWriter{to}, "", 0) }

func (w logWriter) Write(b []byte) (int, error) {
	level := slog.LevelInfo
	text := strings.TrimSpace(string(b))
	if tag, rest, ok := strings.Cut(text, "] "); ok && strings.HasPrefix(tag, "[") {
		switch tag {
		case "[DEBUG":
			level = slog.LevelDebug
		case "[WARN":
			level = slog.LevelWarn
		case "[ERR", "[ERROR":
			// Most of these are a stranger's packets: nothing that an operator has to act on.
			level = slog.LevelWarn
		}
		text = strings.TrimPrefix(rest, "memberlist: ")
	}
	w.to.Log(context.Background(), level, text)
	return len(b), nil
}
