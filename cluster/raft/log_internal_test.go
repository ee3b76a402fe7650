package raft

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
)

func TestLogger(t *testing.T) {
	var out bytes.Buffer
	l := newLogger(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelInfo})))
	l.Trace("hidden")
	l.Debug("hidden")
	l.Info("one", "list", hclog.Fmt("%d of %d", 1, 2))
	l.Named("x").With("id", 7).Warn("two")
	l.Error("three")
	l.Log(hclog.Off, "hidden")
	for _, want := range []string{`level=INFO msg=one list="1 of 2"`, "level=WARN msg=two id=7", "level=ERROR msg=three"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in %s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "hidden") || l.IsDebug() || !l.IsInfo() || l.IsTrace() || l.Name() != "raft" {
		t.Errorf("%s", out.String())
	}
}
