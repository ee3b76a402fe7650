package wire

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// sample has a field of every type.
type sample struct {
	U8    uint8
	U32   uint32
	U64   uint64
	When  int64
	Flag  bool
	Fixed [32]byte
	Bytes []byte
	Text  string
	Color color
	List  []uint32
}

type color uint8

func (s *sample) walk(c *Coder) {
	c.U8(&s.U8, "u8")
	c.U32(&s.U32, "u32")
	c.U64(&s.U64, "u64")
	c.Millis(&s.When, "when")
	c.Bool(&s.Flag, "flag")
	c.Fixed(s.Fixed[:], "fixed")
	c.Bytes(&s.Bytes, 8, "bytes")
	c.Text(&s.Text, 8, "text")
	Enum(c, &s.Color, 1, 3, "color")
	List(c, &s.List, 4, "list", func(p *uint32) { c.U32(p, "element") })
}

func full() sample {
	return sample{
		U8: 1, U32: 2, U64: 1<<64 - 1, When: maxMillis, Flag: true, Fixed: [32]byte{3},
		Bytes: []byte{4, 5}, Text: "größe", Color: 3, List: []uint32{6, 7},
	}
}

func encode(t *testing.T, s sample) []byte {
	t.Helper()
	c := NewWriter()
	s.walk(c)
	if c.Err() != nil {
		t.Fatal(c.Err())
	}
	return c.Written()
}

func equal(a, b sample) bool {
	return a.U8 == b.U8 && a.U32 == b.U32 && a.U64 == b.U64 && a.When == b.When && a.Flag == b.Flag && a.Fixed == b.Fixed &&
		bytes.Equal(a.Bytes, b.Bytes) && a.Text == b.Text && a.Color == b.Color && slices.Equal(a.List, b.List)
}

func TestWrittenIsRead(t *testing.T) {
	for _, want := range []sample{full(), {Color: 1}} {
		var got sample
		c := NewReader(encode(t, want))
		got.walk(c)
		c.End()
		if c.Err() != nil || !equal(got, want) {
			t.Errorf("read %+v, %v; want %+v", got, c.Err(), want)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*sample)
		want   error
	}{
		{"negative time", func(s *sample) { s.When = -1 }, ErrLimit},
		{"late time", func(s *sample) { s.When = maxMillis + 1 }, ErrLimit},
		{"long bytes", func(s *sample) { s.Bytes = make([]byte, 9) }, ErrLimit},
		{"long text", func(s *sample) { s.Text = "123456789" }, ErrLimit},
		{"not UTF-8", func(s *sample) { s.Text = "\xff" }, ErrForm},
		{"control character", func(s *sample) { s.Text = "a\nb" }, ErrForm},
		{"delete", func(s *sample) { s.Text = "\x7f" }, ErrForm},
		{"enum below", func(s *sample) { s.Color = 0 }, ErrForm},
		{"enum above", func(s *sample) { s.Color = 4 }, ErrForm},
		{"long list", func(s *sample) { s.List = make([]uint32, 5) }, ErrLimit},
	} {
		s := full()
		c.change(&s)
		w := NewWriter()
		s.walk(w)
		if !errors.Is(w.Err(), c.want) {
			t.Errorf("%s: written with %v, want %v", c.name, w.Err(), c.want)
		}
	}
}

// Every byte string that is not an encoding is refused: each prefix, each longer one, and
// bytes that stand for no value.
func TestMalformed(t *testing.T) {
	good := encode(t, full())
	for n := range good {
		c := NewReader(good[:n])
		var s sample
		s.walk(c)
		c.End()
		if !errors.Is(c.Err(), ErrForm) {
			t.Fatalf("the first %d bytes of %d are read with %v", n, len(good), c.Err())
		}
	}
	const flagAt = 1 + 4 + 8 + 8
	for _, c := range []struct {
		name string
		b    []byte
	}{
		{"longer", append(bytes.Clone(good), 0)},
		{"flag 2", slices.Concat(good[:flagAt], []byte{2}, good[flagAt+1:])},
		{"huge list", slices.Concat(good[:len(good)-12], []byte{255, 255, 255, 255}, good[len(good)-8:])},
	} {
		r := NewReader(c.b)
		var s sample
		s.walk(r)
		r.End()
		if r.Err() == nil {
			t.Errorf("%s is read", c.name)
		}
	}
}

// After the first error, reads give zeros and the error stays.
func TestFirstErrorStays(t *testing.T) {
	r := NewReader([]byte{1})
	var s sample
	s.walk(r)
	if s.U32 != 0 || s.Text != "" || s.List != nil || !strings.Contains(r.Err().Error(), "u32: input ends early") {
		t.Errorf("%+v, %v", s, r.Err())
	}
	w := NewWriter()
	w.Fail("field", "is bad")
	w.U8(&s.U8, "u8")
	if len(w.Written()) != 0 || w.Err() == nil {
		t.Errorf("wrote %x after an error", w.Written())
	}
}

func stream(t *testing.T, count int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := NewStreamWriter(&b)
	s := full()
	for range count {
		s.walk(w)
	}
	w.Seal()
	if w.Err() != nil || w.Count() != int64(b.Len()) {
		t.Fatalf("%v, count %d of %d", w.Err(), w.Count(), b.Len())
	}
	return b.Bytes()
}

func readStream(r io.Reader, limit int64, count int) error {
	c := NewStreamReader(r, limit)
	for range count {
		var s sample
		s.walk(c)
		if c.Err() == nil && !equal(s, full()) {
			return errors.New("another value")
		}
	}
	c.Seal()
	return c.Err()
}

func TestStreams(t *testing.T) {
	const count = 3000 // several blocks
	b := stream(t, count)
	if err := readStream(bytes.NewReader(b), int64(len(b))+1, count); err != nil {
		t.Error(err)
	}
	if err := readStream(iotest.OneByteReader(bytes.NewReader(b)), int64(len(b)), count); err != nil {
		t.Error("byte by byte:", err)
	}
	if err := readStream(iotest.DataErrReader(bytes.NewReader(b)), int64(len(b))+1, count); err != nil {
		t.Error("data with EOF:", err)
	}
	if err := readStream(bytes.NewReader(b), int64(len(b))-1, count); !errors.Is(err, ErrLimit) {
		t.Error("above the limit:", err)
	}
	if err := readStream(bytes.NewReader(b[:len(b)-1]), 1<<30, count); !errors.Is(err, ErrForm) {
		t.Error("short:", err)
	}
	if err := readStream(bytes.NewReader(append(bytes.Clone(b), 0)), 1<<30, count); !errors.Is(err, ErrForm) {
		t.Error("long:", err)
	}
	for _, at := range []int{0, 1, len(b) / 2, len(b) - 1} {
		bad := bytes.Clone(b)
		bad[at] ^= 1
		if err := readStream(bytes.NewReader(bad), 1<<30, count); err == nil {
			t.Errorf("bit of byte %d is not missed", at)
		}
	}
}

func TestStreamErrorsOfOthers(t *testing.T) {
	broken := errors.New("broken")
	if err := readStream(iotest.ErrReader(broken), 1<<30, 1); !errors.Is(err, broken) {
		t.Error("reader:", err)
	}
	if err := readStream(stuck{}, 1<<30, 1); !errors.Is(err, io.ErrNoProgress) {
		t.Error("reader that gives nothing:", err)
	}
	w := NewStreamWriter(failing{broken})
	s := full()
	for range 3000 {
		s.walk(w)
	}
	w.Seal()
	if !errors.Is(w.Err(), broken) {
		t.Error("writer:", w.Err())
	}
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
