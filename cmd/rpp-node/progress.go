package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"rpp-node/prover/stark"
)

// stages measures the stages of one proof and shows them as they begin: on one line that
// is rewritten on a terminal, as plain lines elsewhere.
type stages struct {
	w        io.Writer // nil to measure only
	terminal bool
	log      *slog.Logger // nil for none
	label    string
	last     stark.Stage
	since    time.Time
	Took     map[string]float64 // milliseconds
	Order    []string
}

func newStages(w io.Writer, label string) *stages {
	return &stages{w: w, label: label, terminal: isTerminal(w), Took: map[string]float64{}}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// notes shows what a command is doing: on one line that is rewritten on a terminal, as
// plain lines elsewhere.
type notes struct {
	w        io.Writer // nil to show nothing
	terminal bool
	width    int // of what stands on the line
}

func newNotes(w io.Writer) *notes { return &notes{w: w, terminal: w != nil && isTerminal(w)} }

func (n *notes) say(what string) {
	switch {
	case n.w == nil:
	case n.terminal:
		fmt.Fprintf(n.w, "\r%-*s", n.width, what)
		n.width = len(what)
	default:
		fmt.Fprintln(n.w, what)
	}
}

// clear takes the last note off the terminal.
func (n *notes) clear() {
	if n.terminal && n.width > 0 {
		n.say("")
		fmt.Fprint(n.w, "\r")
		n.width = 0
	}
}

// begin is told when a stage begins.
func (s *stages) begin(next stark.Stage) {
	now := time.Now()
	if s.last != "" {
		s.Took[string(s.last)] += float64(now.Sub(s.since).Microseconds()) / 1000
		s.Order = append(s.Order, string(s.last))
		if s.log != nil {
			s.log.Debug("stage", "family", s.label, "stage", string(s.last), "ms", s.Took[string(s.last)])
		}
		if s.w != nil && !s.terminal {
			fmt.Fprintf(s.w, "%s: %-16s %8.1f ms\n", s.label, s.last, s.Took[string(s.last)])
		}
	}
	s.last, s.since = next, now
	if s.w == nil || !s.terminal {
		return
	}
	if next == stark.StageDone {
		fmt.Fprintf(s.w, "\r%s\r", strings.Repeat(" ", len(s.label)+24))
		return
	}
	fmt.Fprintf(s.w, "\r%s: %-16s", s.label, next)
}

// total is what all stages took.
func (s *stages) total() float64 {
	t := 0.0
	for _, ms := range s.Took {
		t += ms
	}
	return t
}

// writeJSON prints a value as indented JSON.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
