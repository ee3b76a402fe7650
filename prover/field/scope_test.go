package field

import (
	"bufio"
	"bytes"
	"strings"
	"testing"

	"rpp-node/prover/internal/vectors"
)

// outOfScope are the names that testdata/out_of_scope.txt lists for a vector file.
func outOfScope(t *testing.T, file string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	lines := bufio.NewScanner(bytes.NewReader(vectors.Bytes(t, "../out_of_scope.txt")))
	for lines.Scan() {
		fields := strings.Split(lines.Text(), " | ")
		if len(fields) == 3 && fields[0] == file {
			names[fields[1]] = true
		}
	}
	return names
}

// checkScope fails unless every name of a vector file is either tested or listed as
// out of scope, never both, and every listed name is in the file.
func checkScope(t *testing.T, file string, names []string, tested func(name string) bool) {
	t.Helper()
	listed := outOfScope(t, file)
	for _, name := range names {
		if tested(name) == listed[name] {
			t.Errorf("%s: %q: tested %v, listed as out of scope %v", file, name, tested(name), listed[name])
		}
		delete(listed, name)
	}
	for name := range listed {
		t.Errorf("%s: %q is listed as out of scope but not in the file", file, name)
	}
}
