package store

import (
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// gate is the file system that Pebble is given. Once armed it does not return from a call
// that changes the folder and fails: it stops the store and parks the goroutine, and so
// with every later call that would change the folder (doc.go says why). Reads pass.
//
// A full disk costs the ballast first: the call is made again, once. A failed sync is not:
// the kernel may have dropped the pages, and a second sync would report success.
type gate struct {
	vfs.FS
	dir      string
	faults   *faults
	ballast  *ballast
	manifest *manifestLog

	armed  atomic.Bool // from the end of Open: before, errors are Open's
	frozen atomic.Bool // from the first fault that must leave the folder as it is
}

// freeze stops the store and every change of the folder.
func (g *gate) freeze(kind FaultKind, err error) {
	g.frozen.Store(true)
	g.faults.report(kind, err)
}

// change makes one call that changes the folder.
func (g *gate) change(retry bool, call func() error) error {
	if g.frozen.Load() {
		g.faults.park()
	}
	err := call()
	if err != nil && retry && isDiskFull(err) && g.ballast.release() {
		g.faults.report(FaultDiskFull, err)
		err = call()
	}
	if !g.armed.Load() {
		return err
	}
	if err != nil {
		g.freeze(FaultIO, err)
	}
	if g.frozen.Load() {
		g.faults.park()
	}
	return err
}

// inside says whether a path belongs to the folder: a checkpoint elsewhere may fail.
func (g *gate) inside(name string) bool {
	rest, ok := strings.CutPrefix(name, g.dir)
	return ok && (rest == "" || os.IsPathSeparator(rest[0]))
}

func (g *gate) changePath(name string, call func() error) error {
	if !g.inside(name) {
		return call()
	}
	return g.change(true, call)
}

func (g *gate) openFile(name string, open func() (vfs.File, error)) (vfs.File, error) {
	if !g.inside(name) {
		return open()
	}
	var f vfs.File
	err := g.change(true, func() (err error) {
		f, err = open()
		return err
	})
	if err != nil {
		return nil, err
	}
	gf := &gateFile{File: f, gate: g}
	if num, ok := manifestNumber(g.FS.PathBase(name)); ok {
		gf.manifest = newManifestSum(num)
	}
	return gf, nil
}

func (g *gate) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return g.openFile(name, func() (vfs.File, error) { return g.FS.Create(name, c) })
}

func (g *gate) OpenReadWrite(name string, c vfs.DiskWriteCategory, opts ...vfs.OpenOption) (vfs.File, error) {
	return g.openFile(name, func() (vfs.File, error) { return g.FS.OpenReadWrite(name, c, opts...) })
}

func (g *gate) ReuseForWrite(oldName, newName string, c vfs.DiskWriteCategory) (vfs.File, error) {
	return g.openFile(newName, func() (vfs.File, error) { return g.FS.ReuseForWrite(oldName, newName, c) })
}

func (g *gate) OpenDir(name string) (vfs.File, error) {
	f, err := g.FS.OpenDir(name)
	if err != nil || !g.inside(name) {
		return f, err
	}
	return &gateFile{File: f, gate: g}, nil
}

func (g *gate) Link(oldName, newName string) error {
	return g.changePath(newName, func() error { return g.FS.Link(oldName, newName) })
}

func (g *gate) Rename(oldName, newName string) error {
	return g.changePath(newName, func() error { return g.FS.Rename(oldName, newName) })
}

func (g *gate) MkdirAll(dir string, perm os.FileMode) error {
	return g.changePath(dir, func() error { return g.FS.MkdirAll(dir, perm) })
}

// Remove may fail: what is left over is removed another time.
func (g *gate) Remove(name string) error {
	if g.inside(name) && g.frozen.Load() {
		g.faults.park()
	}
	return g.FS.Remove(name)
}

func (g *gate) RemoveAll(name string) error {
	if g.inside(name) && g.frozen.Load() {
		g.faults.park()
	}
	return g.FS.RemoveAll(name)
}

func (g *gate) GetDiskUsage(path string) (vfs.DiskUsage, error) {
	u, err := g.FS.GetDiskUsage(path)
	if err != nil {
		// Pebble only paces its deletions by this.
		return u, vfs.ErrUnsupported
	}
	return u, nil
}

func (g *gate) Unwrap() vfs.FS { return g.FS }

// gateFile is a file or folder that was opened for writing.
type gateFile struct {
	vfs.File
	gate     *gate
	manifest *manifestSum // nil unless it is a MANIFEST
}

func (f *gateFile) Write(p []byte) (n int, err error) {
	if f.manifest != nil {
		f.manifest.write(p)
	}
	err = f.gate.change(true, func() error {
		m, err := f.File.Write(p[n:])
		n += m
		return err
	})
	return n, err
}

func (f *gateFile) WriteAt(p []byte, off int64) (n int, err error) {
	err = f.gate.change(true, func() (err error) {
		n, err = f.File.WriteAt(p, off)
		return err
	})
	return n, err
}

func (f *gateFile) Sync() error     { return f.synced(f.File.Sync) }
func (f *gateFile) SyncData() error { return f.synced(f.File.SyncData) }

func (f *gateFile) synced(sync func() error) error {
	return f.gate.change(false, func() error {
		if err := sync(); err != nil || f.manifest == nil {
			return err
		}
		return f.gate.manifest.append(f.manifest)
	})
}

func (f *gateFile) SyncTo(length int64) (full bool, err error) {
	err = f.gate.change(false, func() (err error) {
		full, err = f.File.SyncTo(length)
		return err
	})
	return full, err
}

func isDiskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
