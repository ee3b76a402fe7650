package keydir

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// State is what a look at a file found.
type State string

// The states.
const (
	Present     State = "present"     // header and length fit; the key was not read
	OK          State = "ok"          // every byte agrees with the digest
	Corrupt     State = "corrupt"     // damaged, still under its own name
	Quarantined State = "quarantined" // damaged, set aside
	Incomplete  State = "incomplete"  // what a write left over
	Unsupported State = "unsupported" // of another format version
	Unreadable  State = "unreadable"  // beyond the limits, or the file system refused
	Unknown     State = "unknown"     // no file of this package; never touched
)

// Info describes one file.
type Info struct {
	File  string
	Name  Name  // zero if the state is Unknown
	State State // see there
	Bytes int64 // of the file; 0 if Unknown or Unreadable
	Err   error // why it is Corrupt, Unsupported or Unreadable
	// Fingerprint and Digest are the header's; set if Present or OK.
	Fingerprint, Digest [32]byte
}

// List describes every file of the folder, in order of their names, from headers alone.
func (d *Dir) List() ([]Info, error) {
	return d.all(func(*header, io.Reader) error { return nil }, Present)
}

// Verify is List with every key read and checked against its digest.
func (d *Dir) Verify() ([]Info, error) { return d.all((*header).checkBlob, OK) }

func (d *Dir) all(rest func(*header, io.Reader) error, good State) ([]Info, error) {
	names, err := d.fs.Names(d.limits.Files)
	if err != nil {
		return nil, fmt.Errorf("keydir: %w", err)
	}
	out := make([]Info, 0, len(names))
	for _, file := range names {
		info := d.inspect(file, rest, good)
		if errors.Is(info.Err, fs.ErrNotExist) || errors.Is(info.Err, ErrNotFound) {
			continue // gone since it was listed
		}
		out = append(out, info)
	}
	return out, nil
}

// inspect looks at one file. What is not there is Unreadable.
func (d *Dir) inspect(file string, rest func(*header, io.Reader) error, good State) Info {
	info := Info{File: file}
	if n, err := ParseName(file); err == nil {
		info.Name = n
		err := d.read(n, func(h *header, r io.Reader) error {
			info.Fingerprint, info.Digest = h.fingerprint, h.digest
			return rest(h, r)
		})
		info.State = stateOf(err, good)
		if info.Err = err; err != nil {
			info.Fingerprint, info.Digest = [32]byte{}, [32]byte{}
		}
	} else if n, ok := tempOf(file); ok {
		info.Name, info.State = n, Incomplete
	} else if n, ok := corruptOf(file); ok {
		info.Name, info.State = n, Quarantined
	} else {
		info.State = Unknown
		return info
	}
	if info.State == Unreadable {
		return info
	}
	r, size, err := d.fs.Open(file)
	if err != nil {
		info.State, info.Err = Unreadable, err
		return info
	}
	r.Close() // read only: nothing can be lost
	info.Bytes = size
	return info
}

func stateOf(err error, good State) State {
	switch {
	case err == nil:
		return good
	case errors.Is(err, ErrCorrupt):
		return Corrupt
	case errors.Is(err, ErrVersion):
		return Unsupported
	default:
		return Unreadable
	}
}
