package vectors

import (
	"bufio"
	"bytes"
	"strings"
	"testing"
)

// lines reads a list beside the vectors: fields between bars, # before comments.
func lines(tb testing.TB, file string, fields int) (out [][]string) {
	tb.Helper()
	scan := bufio.NewScanner(bytes.NewReader(Bytes(tb, "../"+file)))
	for scan.Scan() {
		line := strings.TrimSpace(scan.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		parts := strings.Split(line, " | ")
		if len(parts) != fields {
			tb.Fatalf("%s: %q has %d fields, want %d", file, line, len(parts), fields)
		}
		out = append(out, parts)
	}
	return out
}

// CheckScope fails the test unless every name that a vector file holds is either tested
// or listed in out_of_scope.txt, never both, and every listed name is in the file.
func CheckScope(tb testing.TB, file string, names []string, tested func(name string) bool) {
	tb.Helper()
	listed := map[string]bool{}
	for _, l := range lines(tb, "out_of_scope.txt", 3) {
		if l[0] == file {
			listed[l[1]] = true
		}
	}
	seen := map[string]bool{}
	for _, name := range names {
		if !seen[name] && tested(name) == listed[name] {
			tb.Errorf("%s: %q: tested %v, listed as out of scope %v", file, name, tested(name), listed[name])
		}
		seen[name] = true
	}
	for name := range listed {
		if !seen[name] {
			tb.Errorf("%s: %q is listed as out of scope but not in the file", file, name)
		}
	}
}
