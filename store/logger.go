package store

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// logger is Pebble's logger. Pebble expects Fatalf not to return; it ends the process only
// with the default logger.
type logger struct{ gate *gate }

func (l logger) Infof(format string, args ...any) {
	l.gate.faults.log.Debug("pebble: " + fmt.Sprintf(format, args...))
}

func (l logger) Errorf(format string, args ...any) {
	l.gate.faults.log.Error("pebble: " + fmt.Sprintf(format, args...))
}

// Fatalf stops the store. While it is being opened, Pebble returns the error after this,
// so the goroutine goes on; later it would go on as if nothing had happened.
func (l logger) Fatalf(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	if !l.gate.armed.Load() {
		l.gate.faults.log.Error("pebble", "err", err)
		return
	}
	l.gate.freeze(FaultInternal, err)
	l.gate.faults.park()
}

// listener takes the events that matter; those of Pebble's own log are left out.
func listener(g *gate) *pebble.EventListener {
	log := g.faults.log
	return &pebble.EventListener{
		DataCorruption: func(i pebble.DataCorruptionInfo) {
			g.faults.report(FaultCorrupt, fmt.Errorf("%s: %w", i.Path, i.Details))
		},
		BackgroundError: g.background,
		DiskSlow: func(i pebble.DiskSlowInfo) {
			log.Warn("store: slow disk", "path", i.Path, "op", i.OpType.String(), "for", i.Duration)
		},
		WriteStallBegin: func(i pebble.WriteStallBeginInfo) {
			log.Warn("store: writes wait", "reason", i.Reason)
		},
		WriteStallEnd: func() { log.Info("store: writes go on") },
	}
}

// background takes what a flush, a compaction or a check in the background failed with.
// Pebble makes most of them again at once, and for ever: all but damage stops the store.
func (g *gate) background(err error) {
	if pebble.IsCorruptionError(err) {
		g.faults.report(FaultCorrupt, err)
		return
	}
	g.freeze(FaultIO, err)
}
