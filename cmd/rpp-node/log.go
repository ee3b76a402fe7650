package main

import (
	"errors"
	"io"
	"log/slog"

	"rpp-node/prover/verifier"
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

// logFailure logs how a command ended that did not succeed, with the verifier's code if it
// was a rejection.
func logFailure(log *slog.Logger, command string, err error) {
	var rejection *verifier.Error
	if errors.As(err, &rejection) {
		log.Warn("rejected", "command", command, "code", string(rejection.Code), "error", rejection.Err)
		return
	}
	log.Error("failed", "command", command, "exit", exitCode(err), "error", err)
}
