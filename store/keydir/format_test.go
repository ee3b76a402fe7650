package keydir

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

var update = flag.Bool("update", false, "write the golden files again")

var (
	sampleFingerprint = [32]byte{0: 0xaa, 15: 0x01, 31: 0xff}
	sampleBlob        = []byte("a verifying key, as far as this package knows")
)

// encode is a whole file.
func encode(n Name, fingerprint [32]byte, blob []byte) []byte {
	return append(newHeader(n, fingerprint, blob).raw, blob...)
}

// reseal gives a changed file the digest that fits it, as a careful forger would.
func reseal(b []byte) []byte {
	h := header{raw: b[:min(len(b), headBytes+int(b[offsetStemBytes]))]}
	d := h.hasher()
	d.Write(b[len(h.raw):])
	digest := sum(d)
	copy(b[offsetDigest:], digest[:])
	return b
}

func decode(b []byte, n Name, limits Limits) (Entry, error) {
	m := &Mem{}
	m.SetContent(n.File(), b)
	return Open(m, limits).Get(n)
}

// Version 1 of the format never changes: this file must be read for ever.
func TestGolden(t *testing.T) {
	path := filepath.Join("testdata", "v1", sample.File())
	got := encode(sample, sampleFingerprint, sampleBlob)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("encoding changed:\n%x\nwant\n%x", got, want)
	}
	e, err := Open(OS(filepath.Dir(path)), Limits{}).Get(sample)
	if err != nil {
		t.Fatal(err)
	}
	if e.Name != sample || e.Fingerprint != sampleFingerprint || !bytes.Equal(e.Blob, sampleBlob) {
		t.Errorf("read back as %+v", e)
	}
}

// Whatever one byte becomes, the file is known to be damaged.
func TestEveryByteIsCovered(t *testing.T) {
	good := encode(sample, sampleFingerprint, sampleBlob)
	for i := range good {
		for _, mask := range []byte{1, 0x80, 0xff} {
			b := bytes.Clone(good)
			b[i] ^= mask
			if _, err := decode(b, sample, Limits{}); !errors.Is(err, ErrCorrupt) {
				t.Errorf("byte %d ^ %#x: %v", i, mask, err)
			}
		}
	}
	for n := range good {
		if _, err := decode(good[:n], sample, Limits{}); !errors.Is(err, ErrCorrupt) {
			t.Errorf("first %d bytes: %v", n, err)
		}
	}
	if _, err := decode(append(bytes.Clone(good), 0), sample, Limits{}); !errors.Is(err, ErrCorrupt) {
		t.Errorf("one byte more: %v", err)
	}
}

// Each of these has the digest that fits it: only the rule named can refuse it.
func TestRefused(t *testing.T) {
	other := sample
	other.Variant = "block-1024"
	proving := sample
	proving.Kind = Proving
	change := func(at int, with ...byte) []byte {
		b := encode(sample, sampleFingerprint, sampleBlob)
		copy(b[at:], with)
		return reseal(b)
	}
	withStem := func(stem string) []byte {
		b := slices.Concat(encode(sample, sampleFingerprint, sampleBlob)[:headBytes], []byte(stem), sampleBlob)
		b[offsetStemBytes] = byte(len(stem))
		return reseal(b)
	}
	long := make([]byte, 8)
	binary.LittleEndian.PutUint64(long, 1<<63+uint64(len(sampleBlob)))
	for _, c := range []struct {
		name string
		file []byte
		want error
	}{
		{"magic", change(0, 'r'), ErrCorrupt},
		{"version without its complement", change(offsetVersion, 2), ErrCorrupt},
		{"newer version", change(offsetVersion, 2, 0xfd), ErrVersion},
		{"version 0", change(offsetVersion, 0, 0xff), ErrVersion},
		{"kind 0", change(offsetKind, 0), ErrCorrupt},
		{"kind 3", change(offsetKind, 3), ErrCorrupt},
		{"reserved", change(offsetBlobBytes-1, 1), ErrCorrupt},
		{"length above 63 bits", change(offsetBlobBytes, long...), ErrCorrupt},
		{"name in upper case", change(headBytes, 'P'), ErrCorrupt},
		{"name of no parts", withStem(""), ErrCorrupt},
		{"name of three parts", withStem("a.b.c"), ErrCorrupt},
		{"name with the kind in it", withStem(sample.File()), ErrCorrupt},
		{"name beyond the limit", withStem(strings.Repeat("a", maxStemBytes+1)), ErrCorrupt},
		{"name beyond the file", reseal(change(offsetStemBytes, maxStemBytes)[:headBytes+1]), ErrCorrupt},
		{"another variant's key", encode(other, sampleFingerprint, sampleBlob), ErrCorrupt},
		{"another kind of key", encode(proving, sampleFingerprint, sampleBlob), ErrCorrupt},
		{"no blob", encode(sample, sampleFingerprint, nil), ErrCorrupt},
	} {
		if _, err := decode(c.file, sample, Limits{}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestBlobLimit(t *testing.T) {
	limits := Limits{BlobBytes: int64(len(sampleBlob))}
	if _, err := decode(encode(sample, sampleFingerprint, sampleBlob), sample, limits); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	longer := slices.Concat(sampleBlob, []byte{0})
	if _, err := decode(encode(sample, sampleFingerprint, longer), sample, limits); !errors.Is(err, ErrTooLarge) {
		t.Errorf("above the limit: %v", err)
	}
	d := Open(&Mem{}, limits)
	if err := d.Put(sample, sampleFingerprint, sampleBlob); err != nil {
		t.Errorf("put at the limit: %v", err)
	}
	if err := d.Put(sample, sampleFingerprint, longer); !errors.Is(err, ErrTooLarge) {
		t.Errorf("put above the limit: %v", err)
	}
}

// A header that promises more than the file holds costs no memory.
func TestNoAllocationByPromise(t *testing.T) {
	b := encode(sample, sampleFingerprint, sampleBlob)
	binary.LittleEndian.PutUint64(b[offsetBlobBytes:], MaxBlobBytes)
	b = reseal(b)
	m := &Mem{}
	m.SetContent(sample.File(), b)
	d := Open(m, Limits{})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := d.Get(sample); !errors.Is(err, ErrCorrupt) {
		t.Error(err)
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 1<<20 {
		t.Errorf("%d bytes allocated", got)
	}
}

// A file that shrinks under its reader is damaged; a disk that fails says nothing about
// the file.
func TestReadFailures(t *testing.T) {
	good := encode(sample, sampleFingerprint, sampleBlob)
	errDisk := errors.New("input/output error")
	for n := range good {
		for _, c := range []struct {
			end  io.Reader
			want error
		}{{strings.NewReader(""), ErrCorrupt}, {iotest.ErrReader(errDisk), errDisk}} {
			for name, rest := range map[string]func(*header, io.Reader) error{
				"read":  func(h *header, r io.Reader) error { _, err := h.readBlob(r); return err },
				"check": (*header).checkBlob,
			} {
				r := io.MultiReader(bytes.NewReader(good[:n]), c.end)
				h, err := readHeader(r, int64(len(good)), MaxBlobBytes)
				if err == nil {
					err = rest(h, r)
				}
				if !errors.Is(err, c.want) || c.want == errDisk && errors.Is(err, ErrCorrupt) {
					t.Errorf("%s, %d bytes: %v, want %v", name, n, err, c.want)
				}
			}
		}
	}
}
