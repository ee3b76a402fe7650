//go:build linux

package processtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// program builds the program once and says where it is.
func program(t testing.TB) string {
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var build = sync.OnceValues(func() (string, error) {
	// The folder stays: it is under the system's one for temporary files, and the same for
	// every run, so that an unchanged program is not built again.
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("rpp-processtest-%d", os.Getuid()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "rpp-node")
	out, err := exec.Command("go", "build", "-o", path, "rpp-node/cmd/rpp-node").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building the program: %w\n%s", err, out)
	}
	return path, nil
})
