package main

import (
	"fmt"
	"io"
	"os"

	"github.com/google/renameio/v2"
)

// readFile reads a file of at most limit bytes.
func readFile(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, usageError{fmt.Errorf("%s: more than %d bytes", name, limit)}
	}
	return b, nil
}

// writeFile replaces a file whole, or not at all.
func writeFile(name string, b []byte) error {
	return renameio.WriteFile(name, b, 0o644)
}
