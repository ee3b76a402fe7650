package vectors

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// Path returns the file name of a vector, given its slash-separated name below
// prover/testdata/vectors.
func Path(tb testing.TB, name string) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "prover", "testdata", "vectors", filepath.FromSlash(name))
		}
		up := filepath.Dir(dir)
		if up == dir {
			tb.Fatal("vectors: not below a folder with go.mod")
		}
		dir = up
	}
}

// Bytes reads a vector.
func Bytes(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(Path(tb, name))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// JSON decodes a vector into v.
func JSON(tb testing.TB, name string, v any) {
	tb.Helper()
	if err := json.Unmarshal(Bytes(tb, name), v); err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
}

// Glob lists the names that match pattern, sorted; it fails the test if none does.
func Glob(tb testing.TB, pattern string) []string {
	tb.Helper()
	root := Path(tb, ".")
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
	if err != nil || len(files) == 0 {
		tb.Fatalf("vectors: %q matches nothing (%v)", pattern, err)
	}
	for i, f := range files {
		rel, err := filepath.Rel(root, f)
		if err != nil {
			tb.Fatal(err)
		}
		files[i] = filepath.ToSlash(rel)
	}
	return files
}
