package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// The format version stands in the database, and in a file beside it that says that there
// is a database: without it Pebble would make an empty one if its own marker got lost.
const (
	formatName = "STORE"
	formatV1   = "rpp-store 1 1\n"
	// formatBytesMax is more than any release writes.
	formatBytesMax = 64
)

func versionKey() []byte { return []byte{KeyspaceVersion} }

// readFormat says whether the folder has held a store.
func readFormat(fsys vfs.FS, dir string) (bool, error) {
	b, err := readSmall(fsys, fsys.PathJoin(dir, formatName), formatBytesMax)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, checkFormat(b)
}

// checkFormat tells another version, which stands there twice, from damage.
func checkFormat(b []byte) error {
	if string(b) == formatV1 {
		return nil
	}
	f := strings.Fields(string(b))
	if len(f) == 3 && f[1] == f[2] && string(b) == fmt.Sprintf("rpp-store %s %s\n", f[1], f[2]) {
		return fmt.Errorf("%w: %.16q; this release reads %q", ErrVersion, f[1], "1")
	}
	return fmt.Errorf("%w: format version reads %.64q", ErrCorrupt, b)
}

// settleVersion checks the version of the database, or writes it into an empty one.
func settleVersion(pdb *pebble.DB) error {
	v, closer, err := pdb.Get(versionKey())
	if err == nil {
		err = checkFormat(v)
		return errors.Join(err, closer.Close())
	}
	if !errors.Is(err, pebble.ErrNotFound) {
		return typed(err)
	}
	it, err := pdb.NewIter(nil)
	if err != nil {
		return typed(err)
	}
	used := it.First()
	if err := errors.Join(it.Error(), it.Close()); err != nil {
		return typed(err)
	}
	if used {
		return fmt.Errorf("%w: a database of another program", ErrVersion)
	}
	return typed(pdb.Set(versionKey(), []byte(formatV1), pebble.Sync))
}

func writeFormat(fsys vfs.FS, dir string) error {
	tmp := fsys.PathJoin(dir, formatName+".tmp")
	f, err := fsys.Create(tmp, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write([]byte(formatV1))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := fsys.Rename(tmp, fsys.PathJoin(dir, formatName)); err != nil {
		return err
	}
	return syncDir(fsys, dir)
}

// readSmall reads a file of at most limit bytes.
func readSmall(fsys vfs.FS, path string, limit int64) ([]byte, error) {
	f, err := fsys.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%w: %s has more than %d bytes", ErrCorrupt, path, limit)
	}
	return b, err
}

func syncDir(fsys vfs.FS, dir string) error {
	d, err := fsys.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// makeDir makes a folder and those above it, and syncs the names of all that it made: what
// is written into them later would be lost with them.
func makeDir(fsys vfs.FS, dir string) error {
	var above []string
	for at := dir; ; {
		if _, err := fsys.Stat(at); err == nil {
			break
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		next := fsys.PathDir(at)
		if next == at {
			break
		}
		above = append(above, next)
		at = next
	}
	if err := fsys.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, d := range above {
		if err := syncDir(fsys, d); err != nil {
			return err
		}
	}
	return nil
}
