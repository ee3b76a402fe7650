package keydir

import "io"

// FS is one flat folder. Names have no separators. Methods are safe for concurrent use,
// and an error about a file that is not there wraps fs.ErrNotExist.
type FS interface {
	// Open opens a regular file for reading and returns its size in bytes.
	Open(name string) (io.ReadCloser, int64, error)

	// WriteAtomic makes the parts, one after the other, the content of the named file.
	// When it returns nil, that survives a power cut. When it fails, the file has its old
	// content or the new one, whole, and one temporary file may be left over. Temporary
	// files are named by tempName.
	WriteAtomic(name string, parts ...[]byte) error

	// Names lists the folder's entries in order, whatever they are, or fails with
	// ErrTooMany if there are more than limit. A folder that is not there is empty.
	Names(limit int) ([]string, error)

	// Rename replaces the file newName, if there is one.
	Rename(oldName, newName string) error

	// Remove deletes one file.
	Remove(name string) error
}
