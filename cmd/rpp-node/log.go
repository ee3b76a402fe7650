package main

import (
	"io"
	"log/slog"
)

// newLog is the log of prover and verifier: every line has target=plonky3, by which the
// runbook filters.
func newLog(w io.Writer, level string) *slog.Logger {
	if level == "off" {
		return slog.New(slog.DiscardHandler)
	}
	l := slog.LevelInfo
	if level == "debug" {
		l = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: l})).With("target", "plonky3")
}

// logFailure logs how a command ended that did not succeed, with its stable code.
func logFailure(log *slog.Logger, command string, err error) {
	code, exit := classify(err)
	if exit == exitRejected {
		log.Warn("rejected", "command", command, "code", code, "error", err)
		return
	}
	log.Error("failed", "command", command, "code", code, "exit", exit, "error", err)
}
