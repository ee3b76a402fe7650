package keydir

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// OS is the folder at that path. It is made, with its parents, by the first write; until
// then it reads as empty. Every operation goes through os.Root, so that no link in the
// folder leads out of it.
func OS(path string) FS { return osFolder(path) }

type osFolder string

func (d osFolder) Open(name string) (io.ReadCloser, int64, error) {
	root, err := os.OpenRoot(string(d))
	if err != nil {
		return nil, 0, err
	}
	defer root.Close()
	info, err := root.Lstat(name)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait for its writer
		return nil, 0, fmt.Errorf("%s: not a regular file; remove it", filepath.Join(string(d), name))
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, 0, err
	}
	if info, err = f.Stat(); err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, info.Size(), nil
}

func (d osFolder) WriteAtomic(name string, parts ...[]byte) error {
	if err := os.MkdirAll(string(d), 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(string(d))
	if err != nil {
		return err
	}
	defer root.Close()
	f, temp, err := createTemp(root, name)
	if err != nil {
		return err
	}
	if err := writeSynced(f, parts); err != nil {
		return errors.Join(err, root.Remove(temp))
	}
	if err := root.Rename(temp, name); err != nil {
		return errors.Join(err, root.Remove(temp))
	}
	// Without this the rename itself can be lost. From here on a failure means "written,
	// but perhaps not for good".
	return syncFolder(root)
}

func createTemp(root *os.Root, name string) (*os.File, string, error) {
	for i := range maxTemps {
		temp := tempName(name, i)
		f, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if !errors.Is(err, fs.ErrExist) {
			return f, temp, err
		}
	}
	return nil, "", fmt.Errorf("%s: %d incomplete writes left over; collect garbage first", name, maxTemps)
}

func writeSynced(f *os.File, parts [][]byte) error {
	for _, p := range parts {
		if _, err := f.Write(p); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	if err := f.Sync(); err != nil {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}

func syncFolder(root *os.Root) error {
	f, err := root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (d osFolder) Names(limit int) ([]string, error) {
	f, err := os.Open(string(d))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(limit + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(names) > limit {
		return nil, fmt.Errorf("%w: more than %d in %s; is it a folder of keys?", ErrTooMany, limit, string(d))
	}
	slices.Sort(names)
	return names, nil
}

// Rename and Remove are not synced: undone by a power cut, the same file is found, and
// dealt with, again.

func (d osFolder) Rename(oldName, newName string) error {
	root, err := os.OpenRoot(string(d))
	if err != nil {
		return err
	}
	defer root.Close()
	return root.Rename(oldName, newName)
}

func (d osFolder) Remove(name string) error {
	root, err := os.OpenRoot(string(d))
	if err != nil {
		return err
	}
	defer root.Close()
	return root.Remove(name)
}
