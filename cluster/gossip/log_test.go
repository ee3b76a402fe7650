package gossip

import (
	"context"
	"fmt"
	"io"
	"log/slog"
)

// lines writes level and text of each record.
type lines struct {
	slog.Handler
	out io.Writer
}

func testLogger(out io.Writer) *slog.Logger {
	return slog.New(lines{slog.NewTextHandler(io.Discard, nil), out})
}

func (l lines) Handle(_ context.Context, r slog.Record) error {
	_, err := fmt.Fprintln(l.out, r.Level, r.Message)
	return err
}
