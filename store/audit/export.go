package audit

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// exported is a record as JSON. Digests and the node are in hex.
type exported struct {
	Sequence uint64            `json:"sequence"`
	AtMS     int64             `json:"at_ms"`
	Previous string            `json:"previous"`
	Actor    string            `json:"actor"`
	Action   string            `json:"action"`
	Subject  string            `json:"subject"`
	Node     string            `json:"node"`
	Epoch    uint64            `json:"epoch"`
	Detail   map[string]string `json:"detail,omitempty"`
	Digest   string            `json:"digest"`
}

// MarshalJSON writes a record as docs/formats/audit.md says.
func (r Record) MarshalJSON() ([]byte, error) {
	out := exported{
		Sequence: r.Sequence, AtMS: r.AtMS, Previous: r.Previous.String(),
		Actor: r.Actor, Action: r.Action, Subject: r.Subject,
		Node: hex.EncodeToString(r.Node[:]), Epoch: r.Epoch, Digest: r.Digest.String(),
	}
	if len(r.Detail) > 0 {
		out.Detail = make(map[string]string, len(r.Detail))
		for _, p := range r.Detail {
			out.Detail[p.Key] = p.Value
		}
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads a record. Whether its digest is the one of its content is for
// VerifyExport to say.
func (r *Record) UnmarshalJSON(b []byte) error {
	var in exported
	if err := json.Unmarshal(b, &in); err != nil {
		return fmt.Errorf("audit: %w: %w", ErrRecord, err)
	}
	*r = Record{
		Sequence: in.Sequence, AtMS: in.AtMS,
		Event: Event{Actor: in.Actor, Action: in.Action, Subject: in.Subject, Epoch: in.Epoch},
	}
	if len(in.Detail) > 0 {
		r.Detail = Details(in.Detail)
	}
	for _, f := range []struct {
		name, text string
		to         []byte
	}{{"previous", in.Previous, r.Previous[:]}, {"node", in.Node, r.Node[:]}, {"digest", in.Digest, r.Digest[:]}} {
		raw, err := hex.DecodeString(f.text)
		if err != nil || len(raw) != len(f.to) {
			return fmt.Errorf("audit: %w: %s: want %d bytes in hex", ErrRecord, f.name, len(f.to))
		}
		copy(f.to, raw)
	}
	if err := r.check(); err != nil {
		return fmt.Errorf("audit: %w: %w", ErrRecord, err)
	}
	return nil
}

// Export writes the records of a range, to = 0 for the end, as one JSON object a line.
func (l *Log) Export(w io.Writer, from, to uint64) error {
	if to == 0 {
		to = l.Head().Sequence
	}
	out := bufio.NewWriter(w)
	for sequence := max(from, 1); sequence <= to; sequence++ {
		r, err := l.read(sequence)
		if err != nil {
			return fmt.Errorf("audit: %w", err)
		}
		line, err := r.MarshalJSON()
		if err != nil {
			return fmt.Errorf("audit: record %d: %w", sequence, err)
		}
		_, _ = out.Write(append(line, '\n')) // Flush tells its error
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}

// maxLineBytes bounds a line of an export: JSON may escape every byte as six.
const maxLineBytes = 6*MaxRecordBytes + 1024

// VerifyExport reads an export and tells of every fault in it, as Verify does of a log. It
// answers with the head of what it read. An error is one of reading.
func VerifyExport(in io.Reader, onFault func(Fault) bool) (Head, error) {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 4096), maxLineBytes)
	v := verifier{report: onFault}
	var head Head
	for want := uint64(0); lines.Scan() && !v.stopped; want++ {
		var r Record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			v.known = false
			v.fault(want, Damaged, err)
			continue
		}
		if head == (Head{}) {
			want = r.Sequence
		}
		digest := r.Digest
		b := r.seal()
		if r.Digest != digest {
			v.fault(want, Damaged, errors.New("digest"))
		}
		v.record(want, b)
		head = Head{r.Sequence, r.Digest}
	}
	if err := lines.Err(); err != nil {
		return head, fmt.Errorf("audit: reading an export: %w", err)
	}
	return head, nil
}
