package keydir

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Both folders must do the same.
func TestFS(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) FS{
		"OS":  func(t *testing.T) FS { return OS(filepath.Join(t.TempDir(), "made", "by write")) },
		"Mem": func(t *testing.T) FS { return &Mem{} },
	} {
		t.Run(name, func(t *testing.T) { testFS(t, open) })
	}
}

func testFS(t *testing.T, open func(t *testing.T) FS) {
	t.Run("empty", func(t *testing.T) {
		f := open(t)
		wantNames(t, f)
		_, _, err := f.Open("a")
		for what, err := range map[string]error{"open": err, "rename": f.Rename("a", "b"), "remove": f.Remove("a")} {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
	t.Run("write, replace, rename, remove", func(t *testing.T) {
		f := open(t)
		must(t, f.WriteAtomic("b", []byte("par"), nil, []byte("ts")))
		must(t, f.WriteAtomic("a"))
		wantContent(t, f, "b", "parts")
		wantContent(t, f, "a", "")
		wantNames(t, f, "a", "b")
		must(t, f.WriteAtomic("b", []byte("new")))
		wantContent(t, f, "b", "new")
		must(t, f.Rename("b", "a"))
		wantNames(t, f, "a")
		wantContent(t, f, "a", "new")
		must(t, f.Remove("a"))
		wantNames(t, f)
		if err := f.Remove("a"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("removed twice: %v", err)
		}
	})
	t.Run("content is copied", func(t *testing.T) {
		f := open(t)
		b := []byte("one")
		must(t, f.WriteAtomic("a", b))
		copy(b, "two")
		wantContent(t, f, "a", "one")
	})
	t.Run("an open file outlives its name", func(t *testing.T) {
		f := open(t)
		must(t, f.WriteAtomic("a", []byte("old")))
		r, size, err := f.Open("a")
		must(t, err)
		defer r.Close()
		must(t, f.WriteAtomic("a", []byte("newer")))
		if b, err := io.ReadAll(r); err != nil || string(b) != "old" || size != 3 {
			t.Errorf("%q of %d, %v", b, size, err)
		}
	})
	t.Run("limit of names", func(t *testing.T) {
		f := open(t)
		must(t, f.WriteAtomic("a"))
		must(t, f.WriteAtomic("b"))
		if _, err := f.Names(2); err != nil {
			t.Errorf("at the limit: %v", err)
		}
		if _, err := f.Names(1); !errors.Is(err, ErrTooMany) {
			t.Errorf("above the limit: %v", err)
		}
	})
	t.Run("leftovers are passed over", func(t *testing.T) {
		f := open(t)
		must(t, f.WriteAtomic(tempName("a", 0), []byte("left")))
		must(t, f.WriteAtomic("a", []byte("new")))
		wantContent(t, f, tempName("a", 0), "left")
		wantContent(t, f, "a", "new")
		for i := 1; i < maxTemps; i++ {
			must(t, f.WriteAtomic(tempName("a", i)))
		}
		if err := f.WriteAtomic("a", []byte("newer")); err == nil || !strings.Contains(err.Error(), "garbage") {
			t.Errorf("no temporary name left: %v", err)
		}
		wantContent(t, f, "a", "new")
	})
	t.Run("readers see the old content or the new", func(t *testing.T) {
		f := open(t)
		contents := [][]byte{bytes.Repeat([]byte("a"), 1000), bytes.Repeat([]byte("b"), 2000)}
		must(t, f.WriteAtomic("x", contents[0]))
		var wg sync.WaitGroup
		for w := range 2 {
			wg.Go(func() {
				for range 20 {
					if err := f.WriteAtomic("x", contents[w]); err != nil {
						t.Error(err)
					}
				}
			})
			wg.Go(func() {
				for range 100 {
					b, err := readAll(f, "x")
					if err != nil || !bytes.Equal(b, contents[0]) && !bytes.Equal(b, contents[1]) {
						t.Errorf("read %d bytes, %v", len(b), err)
					}
				}
			})
		}
		wg.Wait()
		wantNames(t, f, "x")
	})
}

// What only a real folder can hold.
func TestOSIrregular(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "secret")
	must(t, os.WriteFile(outside, []byte("secret"), 0o600))
	must(t, os.Symlink(outside, filepath.Join(dir, "link")))
	must(t, os.Mkdir(filepath.Join(dir, "folder"), 0o755))
	f := OS(dir)
	wantNames(t, f, "folder", "link")
	for _, name := range []string{"folder", "link", "../secret", filepath.Dir(outside) + "/secret"} {
		if _, _, err := f.Open(name); err == nil {
			t.Errorf("%s was opened", name)
		}
	}
	if err := f.WriteAtomic("folder", []byte("x")); err == nil {
		t.Error("a folder was replaced")
	}
	wantNames(t, f, "folder", "link")
	if err := f.WriteAtomic("../escaped", []byte("x")); err == nil {
		t.Error("wrote outside the folder")
	}
	if err := OS(outside).WriteAtomic("a", []byte("x")); err == nil {
		t.Error("wrote into a file")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func readAll(f FS, name string) ([]byte, error) {
	r, _, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func wantContent(t *testing.T, f FS, name, want string) {
	t.Helper()
	if b, err := readAll(f, name); err != nil || string(b) != want {
		t.Errorf("%s holds %q, %v; want %q", name, b, err, want)
	}
}

func wantNames(t *testing.T, f FS, want ...string) {
	t.Helper()
	if got, err := f.Names(1000); err != nil || !slices.Equal(got, want) {
		t.Errorf("names %q, %v; want %q", got, err, want)
	}
}
