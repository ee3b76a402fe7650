package keydir

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"sync"
)

// Step is a point at which a Mem can be made to fail.
type Step string

// The steps. A write passes Create, Write, RenameTemp and SyncFolder in this order.
const (
	StepOpen       Step = "open"
	StepCreate     Step = "create"
	StepWrite      Step = "write"
	StepRenameTemp Step = "rename temporary"
	StepSyncFolder Step = "sync folder"
	StepNames      Step = "names"
	StepRename     Step = "rename"
	StepRemove     Step = "remove"
)

// Mem is a folder in memory, for tests. The zero value is an empty one.
type Mem struct {
	// Fault, if set before use, is asked at every step; what it returns becomes the
	// step's error. A write that fails stops there as if the process had been killed: its
	// temporary file stays, torn in two if the step was StepWrite.
	Fault func(step Step, name string) error

	mu    sync.Mutex
	files map[string][]byte // guarded by mu; the contents are never changed in place
}

func (m *Mem) fault(step Step, name string) error {
	if m.Fault == nil {
		return nil
	}
	return m.Fault(step, name)
}

func notExist(op, name string) error {
	return &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
}

// Open implements FS.
func (m *Mem) Open(name string) (io.ReadCloser, int64, error) {
	if err := m.fault(StepOpen, name); err != nil {
		return nil, 0, err
	}
	b, ok := m.Content(name)
	if !ok {
		return nil, 0, notExist("open", name)
	}
	return io.NopCloser(bytes.NewReader(b)), int64(len(b)), nil
}

// WriteAtomic implements FS.
func (m *Mem) WriteAtomic(name string, parts ...[]byte) error {
	if err := m.fault(StepCreate, name); err != nil {
		return err
	}
	content := slices.Concat(parts...)
	temp, err := m.createTemp(name)
	if err != nil {
		return err
	}
	if err := m.fault(StepWrite, name); err != nil {
		m.SetContent(temp, content[:len(content)/2])
		return err
	}
	m.SetContent(temp, content)
	if err := m.fault(StepRenameTemp, name); err != nil {
		return err
	}
	if err := m.rename(temp, name); err != nil {
		return err
	}
	return m.fault(StepSyncFolder, name)
}

func (m *Mem) createTemp(name string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range maxTemps {
		temp := tempName(name, i)
		if _, ok := m.files[temp]; !ok {
			m.set(temp, nil)
			return temp, nil
		}
	}
	return "", fmt.Errorf("%s: %d incomplete writes left over; collect garbage first", name, maxTemps)
}

// Names implements FS.
func (m *Mem) Names(limit int) ([]string, error) {
	if err := m.fault(StepNames, ""); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.files) > limit {
		return nil, fmt.Errorf("%w: more than %d in memory; is it a folder of keys?", ErrTooMany, limit)
	}
	return slices.Sorted(maps.Keys(m.files)), nil
}

// Rename implements FS.
func (m *Mem) Rename(oldName, newName string) error {
	if err := m.fault(StepRename, oldName); err != nil {
		return err
	}
	return m.rename(oldName, newName)
}

func (m *Mem) rename(oldName, newName string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.files[oldName]
	if !ok {
		return notExist("rename", oldName)
	}
	delete(m.files, oldName)
	m.set(newName, b)
	return nil
}

// Remove implements FS.
func (m *Mem) Remove(name string) error {
	if err := m.fault(StepRemove, name); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.files[name]; !ok {
		return notExist("remove", name)
	}
	delete(m.files, name)
	return nil
}

// Content returns what a file holds, past every fault. The caller must not change it.
func (m *Mem) Content(name string) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.files[name]
	return b, ok
}

// SetContent replaces what a file holds, past every fault: bit rot, or a stranger's file.
func (m *Mem) SetContent(name string, b []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.set(name, bytes.Clone(b))
}

func (m *Mem) set(name string, b []byte) {
	if m.files == nil {
		m.files = map[string][]byte{}
	}
	m.files[name] = b
}
