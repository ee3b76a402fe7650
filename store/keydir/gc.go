package keydir

import (
	"errors"
	"fmt"
	"io/fs"
)

// Reason is why a plan removes a file.
type Reason string

// The reasons.
const (
	ReasonIncomplete  Reason = "incomplete write"
	ReasonCorrupt     Reason = "corrupt"
	ReasonQuarantined Reason = "quarantined"
	ReasonSuperseded  Reason = "superseded"
)

// Removal is one step of a plan.
type Removal struct {
	File   string
	Reason Reason
	Bytes  int64
	// Digest of the superseded key: another key that has come under the name since is
	// not what the plan meant. Zero for the other reasons.
	Digest [32]byte
}

// Plan is what garbage collection would do. It changes nothing by itself.
type Plan struct{ Removals []Removal }

// Plan reads every key and lists what to remove: what writes left over, damaged keys,
// those set aside, and every sound key that keep does not want. Keys of other format
// versions, unreadable files and files of unknown name are not in it.
func (d *Dir) Plan(keep func(Info) bool) (Plan, error) {
	d.changing.Lock()
	defer d.changing.Unlock()
	files, err := d.Verify()
	if err != nil {
		return Plan{}, err
	}
	var p Plan
	for _, info := range files {
		r := Removal{File: info.File, Bytes: info.Bytes}
		switch info.State {
		case Incomplete:
			r.Reason = ReasonIncomplete
		case Corrupt:
			r.Reason = ReasonCorrupt
		case Quarantined:
			r.Reason = ReasonQuarantined
		case OK:
			if keep(info) {
				continue
			}
			r.Reason, r.Digest = ReasonSuperseded, info.Digest
		default:
			continue
		}
		p.Removals = append(p.Removals, r)
	}
	return p, nil
}

// Execute does what a plan says and returns the removals that it made. Each file is
// looked at again: one that is gone, or to which its reason no longer applies, is passed
// over, so that a plan may be executed twice, or again after a failure. A removal that
// fails does not stop the others.
//
// Another process that is writing a key just now can lose its temporary file to the plan.
// Its write fails with an error, and nothing else comes of it.
func (d *Dir) Execute(p Plan) ([]Removal, error) {
	d.changing.Lock()
	defer d.changing.Unlock()
	var done []Removal
	var failed []error
	for _, r := range p.Removals {
		if !d.applies(r) {
			continue
		}
		err := d.fs.Remove(r.File)
		switch {
		case err == nil:
			done = append(done, r)
		case !errors.Is(err, fs.ErrNotExist):
			failed = append(failed, fmt.Errorf("keydir: removing %s: %w", r.File, err))
		}
	}
	return done, errors.Join(failed...)
}

func (d *Dir) applies(r Removal) bool {
	info := d.inspect(r.File, (*header).checkBlob, OK)
	switch r.Reason {
	case ReasonIncomplete:
		return info.State == Incomplete
	case ReasonCorrupt:
		return info.State == Corrupt
	case ReasonQuarantined:
		return info.State == Quarantined
	case ReasonSuperseded:
		return info.State == OK && info.Digest == r.Digest
	}
	return false
}
