package audit

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/zeebo/blake3"
)

// Digest is the BLAKE3-256 digest of a record, which the next one holds.
type Digest [32]byte

func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// Event is what happened. Every text is UTF-8.
type Event struct {
	Actor   string   // who: a node or a person by the name in the certificate
	Action  string   // what: a word of the table of actions
	Subject string   // to what: a job, node, key, token
	Node    [32]byte // the node that decided
	Epoch   uint64   // the Raft term in which it was decided, 0 if none
	Detail  []Pair   // sorted by key, no key twice
}

// Pair is one detail.
type Pair struct{ Key, Value string }

// Details makes a sorted list of a map.
func Details(m map[string]string) []Pair {
	out := make([]Pair, 0, len(m))
	for k, v := range m {
		out = append(out, Pair{k, v})
	}
	slices.SortFunc(out, func(a, b Pair) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// Record is an event in its place.
type Record struct {
	Sequence uint64 // from 1
	AtMS     int64
	Previous Digest // zero in the first record
	Event
	Digest Digest // of all of the above
}

const (
	recordVersion = 1
	recordHeader  = 1 + 8 + 8 + 32 + 32 + 8
)

// check refuses what the format cannot hold.
func (e *Event) check() error {
	for _, f := range []struct{ name, text string }{
		{"actor", e.Actor}, {"action", e.Action}, {"subject", e.Subject},
	} {
		if err := checkText(f.name, f.text, MaxTextBytes); err != nil {
			return err
		}
	}
	if e.Action == "" {
		return fmt.Errorf("audit: %w: no action", ErrEvent)
	}
	if len(e.Detail) > MaxDetailCount {
		return fmt.Errorf("audit: %w: %d details, at most %d", ErrEvent, len(e.Detail), MaxDetailCount)
	}
	for i, p := range e.Detail {
		if err := checkText("key of a detail", p.Key, MaxDetailKeyBytes); err != nil {
			return err
		}
		if err := checkText("detail "+p.Key, p.Value, MaxDetailValueBytes); err != nil {
			return err
		}
		if p.Key == "" || i > 0 && p.Key <= e.Detail[i-1].Key {
			return fmt.Errorf("audit: %w: keys of details are not sorted: %q", ErrEvent, p.Key)
		}
	}
	return nil
}

func checkText(name, text string, limit int) error {
	if len(text) > limit {
		return fmt.Errorf("audit: %w: %s: %d bytes, at most %d", ErrEvent, name, len(text), limit)
	}
	if !utf8.ValidString(text) {
		return fmt.Errorf("audit: %w: %s: not UTF-8", ErrEvent, name)
	}
	return nil
}

// body is what a record's digest covers.
func (r *Record) body() []byte {
	b := []byte{recordVersion}
	b = binary.LittleEndian.AppendUint64(b, r.Sequence)
	b = binary.LittleEndian.AppendUint64(b, uint64(r.AtMS))
	b = append(b, r.Previous[:]...)
	b = append(b, r.Node[:]...)
	b = binary.LittleEndian.AppendUint64(b, r.Epoch)
	for _, s := range []string{r.Actor, r.Action, r.Subject} {
		b = appendText(b, s)
	}
	b = append(b, byte(len(r.Detail)))
	for _, p := range r.Detail {
		b = appendText(appendText(b, p.Key), p.Value)
	}
	return b
}

func appendText(b []byte, s string) []byte {
	b = binary.LittleEndian.AppendUint16(b, uint16(len(s)))
	return append(b, s...)
}

// seal sets the record's digest and answers with its encoding.
func (r *Record) seal() []byte {
	b := r.body()
	r.Digest = blake3.Sum256(b)
	return append(b, r.Digest[:]...)
}

// decodeRecord accepts exactly what seal writes.
func decodeRecord(b []byte) (Record, error) {
	if len(b) < recordHeader+32 || len(b) > MaxRecordBytes {
		return Record{}, fmt.Errorf("%w: %d bytes, between %d and %d are possible", ErrRecord, len(b), recordHeader+32, MaxRecordBytes)
	}
	body := b[:len(b)-32]
	r := Record{Digest: Digest(b[len(body):])}
	if r.Digest != blake3.Sum256(body) {
		return Record{}, fmt.Errorf("%w: digest", ErrRecord)
	}
	if body[0] != recordVersion {
		return Record{}, fmt.Errorf("%w: version %d, this release reads %d", ErrRecord, body[0], recordVersion)
	}
	r.Sequence = binary.LittleEndian.Uint64(body[1:])
	r.AtMS = int64(binary.LittleEndian.Uint64(body[9:]))
	r.Previous = Digest(body[17:])
	r.Node = [32]byte(body[49:])
	r.Epoch = binary.LittleEndian.Uint64(body[81:])
	rest := texts{b: body[recordHeader:]}
	r.Actor, r.Action, r.Subject = rest.next(), rest.next(), rest.next()
	for n := rest.count(); n > 0 && !rest.short; n-- {
		r.Detail = append(r.Detail, Pair{rest.next(), rest.next()})
	}
	if rest.short || len(rest.b) > 0 {
		return Record{}, fmt.Errorf("%w: its texts do not fill it", ErrRecord)
	}
	if err := r.check(); err != nil {
		return Record{}, fmt.Errorf("%w: %w", ErrRecord, err)
	}
	return r, nil
}

// texts reads length-prefixed texts. Reading on after the end is harmless.
type texts struct {
	b     []byte
	short bool
}

func (t *texts) take(n int) []byte {
	if n > len(t.b) {
		t.short, t.b = true, nil
		return make([]byte, min(n, 2))
	}
	v := t.b[:n]
	t.b = t.b[n:]
	return v
}

func (t *texts) next() string { return string(t.take(int(binary.LittleEndian.Uint16(t.take(2))))) }

func (t *texts) count() int { return int(t.take(1)[0]) }
