package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/zeebo/blake3"
)

var (
	// ErrForm says that bytes, or a value to be written, do not have the form they must.
	ErrForm = errors.New("malformed")
	// ErrLimit says that something is larger than its limit.
	ErrLimit = errors.New("over its limit")
)

const (
	// blockBytes is how much a stream writes at once.
	blockBytes = 64 << 10
	// maxMillis bounds times, so that sums of two cannot overflow: the year 37,648.
	maxMillis = 1 << 50
)

// Coder writes or reads fields, in memory or as a stream.
type Coder struct {
	reading bool
	buf     []byte
	pos     int // reading: what of buf has been taken

	src   io.Reader // streams only
	dst   io.Writer
	left  int64 // how many bytes the stream may still have
	hash  *blake3.Hasher
	mark  int // what of buf has been hashed
	count int64

	err error
}

// NewWriter writes to memory.
func NewWriter() *Coder { return &Coder{} }

// NewReader reads from memory.
func NewReader(b []byte) *Coder { return &Coder{reading: true, buf: b} }

// NewStreamWriter writes to w in blocks and digests what it writes.
func NewStreamWriter(w io.Writer) *Coder {
	return &Coder{dst: w, hash: blake3.New()}
}

// NewStreamReader reads at most limit bytes from r and digests what it takes.
func NewStreamReader(r io.Reader, limit int64) *Coder {
	return &Coder{reading: true, src: r, left: limit, hash: blake3.New()}
}

// Reading says in which direction the coder goes.
func (c *Coder) Reading() bool { return c.reading }

// Err is the first error.
func (c *Coder) Err() error { return c.err }

// Written is what a writer to memory has written.
func (c *Coder) Written() []byte { return c.buf }

// Count is how many bytes a stream has written.
func (c *Coder) Count() int64 { return c.count }

// Fail records an error of form about a field.
func (c *Coder) Fail(what, why string) {
	c.fail(fmt.Errorf("%s: %s: %w", what, why, ErrForm))
}

func (c *Coder) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// End fails unless a reader from memory has taken everything.
func (c *Coder) End() {
	if c.err == nil && c.pos < len(c.buf) {
		c.Fail("end", fmt.Sprintf("%d bytes follow", len(c.buf)-c.pos))
	}
}

// Seal ends a stream with the digest of everything before it. A reader compares, and
// fails if anything follows.
func (c *Coder) Seal() (digest [32]byte) {
	c.digest()
	if c.err != nil {
		return digest
	}
	copy(digest[:], c.hash.Sum(nil))
	if !c.reading {
		c.buf = append(c.buf, digest[:]...)
		c.flush()
		return digest
	}
	var got [32]byte
	copy(got[:], c.take(len(got), "digest"))
	if c.err == nil && got != digest {
		c.Fail("digest", "the bytes are damaged")
	}
	if c.err == nil && c.fill(1) == nil {
		c.Fail("end", "bytes follow")
	}
	return digest
}

// digest takes into the hash what has been written or taken since the last time.
func (c *Coder) digest() {
	end := len(c.buf)
	if c.reading {
		end = c.pos
	}
	c.hash.Write(c.buf[c.mark:end]) // never fails
	c.mark = end
}

func (c *Coder) flush() {
	if c.err != nil {
		return
	}
	n, err := c.dst.Write(c.buf)
	c.count += int64(n)
	if err != nil {
		c.fail(err)
	}
	c.buf, c.mark = c.buf[:0], 0
}

func (c *Coder) put(p []byte) {
	if c.err != nil {
		return
	}
	c.buf = append(c.buf, p...)
	if c.dst != nil && len(c.buf) >= blockBytes {
		c.digest()
		c.flush()
	}
}

// take returns the next n bytes, which are valid until the next call. After an error it
// returns n zeros if n is the size of a fixed field, and nothing otherwise.
func (c *Coder) take(n int, what string) []byte {
	if c.err == nil && len(c.buf)-c.pos < n {
		if err := c.fill(n); err != nil {
			c.fail(fmt.Errorf("%s: %w", what, err))
		}
	}
	if c.err != nil {
		if n > 64 {
			return nil
		}
		return make([]byte, n)
	}
	v := c.buf[c.pos : c.pos+n]
	c.pos += n
	return v
}

// fill makes n bytes available in the buffer of a stream.
func (c *Coder) fill(n int) error {
	if c.src == nil {
		return fmt.Errorf("input ends early: %w", ErrForm)
	}
	c.digest()
	rest := copy(c.buf, c.buf[c.pos:])
	c.pos, c.mark = 0, 0
	if size := max(n, blockBytes); cap(c.buf) < size {
		grown := make([]byte, rest, size)
		copy(grown, c.buf[:rest])
		c.buf = grown
	}
	c.buf = c.buf[:rest]
	for empty := 0; len(c.buf) < n; {
		room := c.buf[len(c.buf):cap(c.buf)]
		if int64(len(room)) > c.left {
			room = room[:c.left]
		}
		if len(room) == 0 {
			return ErrLimit
		}
		k, err := c.src.Read(room)
		if k > 0 {
			empty = 0
		} else if empty++; empty == 100 && err == nil {
			err = io.ErrNoProgress
		}
		c.buf = c.buf[:len(c.buf)+k]
		c.left -= int64(k)
		if err == io.EOF && len(c.buf) < n {
			return fmt.Errorf("input ends early: %w", ErrForm)
		}
		if err != nil && err != io.EOF {
			return err
		}
	}
	return nil
}

// U8 is one byte.
func (c *Coder) U8(p *uint8, what string) {
	if c.reading {
		*p = c.take(1, what)[0]
	} else {
		c.put([]byte{*p})
	}
}

// U32 is four bytes.
func (c *Coder) U32(p *uint32, what string) {
	if c.reading {
		*p = binary.LittleEndian.Uint32(c.take(4, what))
	} else {
		c.put(binary.LittleEndian.AppendUint32(nil, *p))
	}
}

// U64 is eight bytes.
func (c *Coder) U64(p *uint64, what string) {
	if c.reading {
		*p = binary.LittleEndian.Uint64(c.take(8, what))
	} else {
		c.put(binary.LittleEndian.AppendUint64(nil, *p))
	}
}

// Millis is a time in milliseconds since 1970, never negative.
func (c *Coder) Millis(p *int64, what string) {
	v := uint64(*p)
	c.U64(&v, what)
	if v > maxMillis {
		c.fail(fmt.Errorf("%s: %d ms: %w", what, int64(v), ErrLimit))
		v = 0
	}
	if c.reading {
		*p = int64(v)
	}
}

// Bool is one byte, 0 or 1.
func (c *Coder) Bool(p *bool, what string) {
	var v uint8
	if *p {
		v = 1
	}
	c.U8(&v, what)
	if v > 1 {
		c.Fail(what, "neither 0 nor 1")
	}
	if c.reading {
		*p = v == 1
	}
}

// Fixed is a field of fixed size, such as a digest.
func (c *Coder) Fixed(p []byte, what string) {
	if c.reading {
		copy(p, c.take(len(p), what))
	} else {
		c.put(p)
	}
}

// Length is that of a list, text or byte string.
func (c *Coder) Length(n, limit int, what string) int {
	v := uint32(min(uint64(n), 1<<32-1))
	if c.reading {
		c.U32(&v, what)
	}
	if uint64(v) > uint64(limit) {
		c.fail(fmt.Errorf("%s: %d, at most %d: %w", what, v, limit, ErrLimit))
		return 0
	}
	if !c.reading {
		c.U32(&v, what)
	}
	return int(v)
}

// Bytes is a byte string. Reading gives a copy, nil if it is empty.
func (c *Coder) Bytes(p *[]byte, limit int, what string) {
	n := c.Length(len(*p), limit, what)
	if c.reading {
		*p = append([]byte(nil), c.take(n, what)...)
	} else {
		c.put(*p)
	}
}

// Text is UTF-8 without control characters.
func (c *Coder) Text(p *string, limit int, what string) {
	n := c.Length(len(*p), limit, what)
	if c.reading {
		*p = string(c.take(n, what))
		if c.err != nil {
			*p = ""
		}
	} else {
		c.put([]byte(*p))
	}
	if !utf8.ValidString(*p) {
		c.Fail(what, "not UTF-8")
	}
	for i := range len(*p) {
		if b := (*p)[i]; b < 0x20 || b == 0x7f {
			c.Fail(what, "a control character")
			return
		}
	}
}

// Enum is one byte between first and last.
func Enum[T ~uint8](c *Coder, p *T, first, last T, what string) {
	v := uint8(*p)
	c.U8(&v, what)
	if c.err == nil && (T(v) < first || T(v) > last) {
		c.Fail(what, fmt.Sprintf("unknown value %d", v))
	}
	if c.reading {
		*p = T(v)
	}
}

// List is a list. Reading gives nil if it is empty. It grows as its elements arrive, so
// that a length alone allocates nothing.
func List[T any](c *Coder, p *[]T, limit int, what string, each func(*T)) {
	n := c.Length(len(*p), limit, what)
	if c.err != nil {
		return
	}
	if !c.reading {
		for i := range *p {
			each(&(*p)[i])
		}
		return
	}
	*p = nil
	for range n {
		var v T
		each(&v)
		if c.err != nil {
			return
		}
		*p = append(*p, v)
	}
}
