package raft

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"

	"github.com/hashicorp/go-hclog"
)

// logger writes what the library logs to a slog.Logger. Its name is always "raft", and its
// level is the handler's.
type logger struct{ to *slog.Logger }

func newLogger(to *slog.Logger) hclog.Logger { return logger{to} }

func (l logger) Log(level hclog.Level, msg string, args ...any) {
	lv := slog.LevelDebug
	switch level {
	case hclog.Info:
		lv = slog.LevelInfo
	case hclog.Warn:
		lv = slog.LevelWarn
	case hclog.Error:
		lv = slog.LevelError
	case hclog.Off:
		return
	}
	if !l.to.Enabled(context.Background(), lv) {
		return
	}
	for i, a := range args {
		if f, ok := a.(hclog.Format); ok && len(f) > 0 {
			args[i] = fmt.Sprintf(fmt.Sprint(f[0]), f[1:]...)
		}
	}
	l.to.Log(context.Background(), lv, msg, args...)
}

func (l logger) Trace(msg string, args ...any) {}
func (l logger) Debug(msg string, args ...any) { l.Log(hclog.Debug, msg, args...) }
func (l logger) Info(msg string, args ...any)  { l.Log(hclog.Info, msg, args...) }
func (l logger) Warn(msg string, args ...any)  { l.Log(hclog.Warn, msg, args...) }
func (l logger) Error(msg string, args ...any) { l.Log(hclog.Error, msg, args...) }

func (l logger) enabled(lv slog.Level) bool { return l.to.Enabled(context.Background(), lv) }

func (l logger) IsTrace() bool { return false }
func (l logger) IsDebug() bool { return l.enabled(slog.LevelDebug) }
func (l logger) IsInfo() bool  { return l.enabled(slog.LevelInfo) }
func (l logger) IsWarn() bool  { return l.enabled(slog.LevelWarn) }
func (l logger) IsError() bool { return l.enabled(slog.LevelError) }

func (l logger) ImpliedArgs() []any             { return nil }
func (l logger) With(args ...any) hclog.Logger  { return logger{l.to.With(args...)} }
func (l logger) Name() string                   { return "raft" }
func (l logger) Named(string) hclog.Logger      { return l }
func (l logger) ResetNamed(string) hclog.Logger { return l }
func (l logger) SetLevel(hclog.Level)           {}
func (l logger) GetLevel() hclog.Level          { return hclog.NoLevel }

func (l logger) StandardLogger(*hclog.StandardLoggerOptions) *log.Logger {
	return slog.NewLogLogger(l.to.Handler(), slog.LevelInfo)
}

func (l logger) StandardWriter(o *hclog.StandardLoggerOptions) io.Writer {
	return l.StandardLogger(o).Writer()
}
