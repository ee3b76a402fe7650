package identity

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// FS is what an identity directory needs of a disk. An error about a file that is not
// there wraps fs.ErrNotExist.
type FS interface {
	// Read returns a regular file and its permissions, or fails if it has more bytes
	// than limit.
	Read(path string, limit int) ([]byte, fs.FileMode, error)

	// WriteAtomic replaces a file, whose folder it makes (0700) if need be. When it
	// returns nil, that survives a power cut. When it fails, the file is the old or the
	// new one, whole.
	WriteAtomic(path string, data []byte, perm fs.FileMode) error
}

// OS is the disk of this machine.
var OS FS = osFS{}

type osFS struct{}

func (osFS) Read(path string, limit int) ([]byte, fs.FileMode, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait for its writer
		return nil, 0, fmt.Errorf("%s: not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return nil, 0, err
	}
	data, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err != nil {
		return nil, 0, err
	}
	if len(data) > limit {
		return nil, 0, fmt.Errorf("%s: more than %d bytes", path, limit)
	}
	return data, info.Mode().Perm(), nil
}

func (osFS) WriteAtomic(path string, data []byte, perm fs.FileMode) error {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	// The temporary file lies beside its target: a key never visits a shared folder.
	err := renameio.WriteFile(path, data, perm, renameio.WithTempDir(folder), renameio.WithStaticPermissions(perm))
	if err != nil {
		return err
	}
	// Without this the rename itself can be lost.
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
