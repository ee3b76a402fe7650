package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/google/renameio/v2"
)

// readFile reads a file of at most limit bytes. A file that is not there, is a directory
// or may not be read is a mistake in the command line; a failing disk is not.
func readFile(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, usageError{err}
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	switch {
	case errors.Is(err, syscall.EISDIR):
		return nil, usageError{fmt.Errorf("%s: is a directory, want a file", name)}
	case err != nil:
		return nil, err
	case int64(len(b)) > limit:
		return nil, usageError{fmt.Errorf("%s: more than %d bytes", name, limit)}
	}
	return b, nil
}

// writeFile replaces a file whole, or not at all.
func writeFile(name string, b []byte) error {
	if err := renameio.WriteFile(name, b, 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}
