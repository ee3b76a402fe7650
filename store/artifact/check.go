package artifact

import (
	"context"
	"errors"
)

// Checked is what a check found.
type Checked struct {
	Missing []Digest
	Corrupt []Digest // set aside now: missing from here on
	Bytes   int64    // that were read and are sound
}

// Check reads every one of the artifacts that a node should hold. It stops between two of
// them when ctx ends.
func (s *Store) Check(ctx context.Context, refs []Digest) (Checked, error) {
	var out Checked
	for _, d := range refs {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		info, err := s.Stat(d)
		if err == nil {
			err = s.verify(d)
		}
		switch {
		case err == nil:
			out.Bytes += info.SizeBytes
		case errors.Is(err, ErrNotFound):
			out.Missing = append(out.Missing, d)
		case errors.Is(err, ErrCorrupt):
			out.Corrupt = append(out.Corrupt, d)
		default:
			return out, err
		}
	}
	return out, nil
}
