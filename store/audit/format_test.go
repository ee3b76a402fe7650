package audit

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/zeebo/blake3"
)

var (
	update   = flag.Bool("update", false, "rewrite the golden files of testdata")
	thorough = flag.Bool("thorough", false, "fail every write, not a sample")
)

func sampleRecord() Record {
	return Record{
		Sequence: 0x0807060504030201, AtMS: start.UnixMilli(), Previous: Digest{0xaa},
		Event: Event{
			Actor: "rpp://a1b2/operator/c3d4", Action: "key.rotate", Subject: "pruning/block-512 <&>",
			Node: [32]byte{0xbb}, Epoch: 7, Detail: []Pair{{"from", "1"}, {"to", "2 \"é\""}},
		},
	}
}

func golden(t *testing.T, name string, got []byte) []byte {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: %x, want %x", name, got, want)
	}
	return want
}

// The golden files of version 1 are read for good, and are what is written today.
func TestGolden(t *testing.T) {
	r := sampleRecord()
	back, err := decodeRecord(golden(t, "record.v1.bin", r.seal()))
	if err != nil || !reflect.DeepEqual(back, r) {
		t.Errorf("%+v, %v, want %+v", back, err, r)
	}
	head := Head{9, Digest{1, 2}}
	if got, err := decodeHead(golden(t, "head.v1.bin", head.encode())); err != nil || got != head {
		t.Errorf("%+v, %v", got, err)
	}
	line, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var read Record
	if err := json.Unmarshal(golden(t, "record.v1.json", append(line, '\n')), &read); err != nil || !reflect.DeepEqual(read, r) {
		t.Errorf("%+v, %v", read, err)
	}
	if got := recordKey(0x0102); string(got) != "u\x00\x00\x00\x00\x00\x00\x01\x02" || string(headKey) != "w" {
		t.Errorf("keys %q, %q", got, headKey)
	}
}

// Every flipped bit and every cut of a record is refused.
func TestDamagedRecord(t *testing.T) {
	r := sampleRecord()
	b := r.seal()
	for i := range b {
		if _, err := decodeRecord(b[:i]); !errors.Is(err, ErrRecord) {
			t.Errorf("first %d bytes: %v", i, err)
		}
		for bit := range 8 {
			bad := bytes.Clone(b)
			bad[i] ^= 1 << bit
			if _, err := decodeRecord(bad); !errors.Is(err, ErrRecord) {
				t.Errorf("byte %d, bit %d: %v", i, bit, err)
			}
		}
	}
}

func reseal(b []byte) []byte {
	sum := blake3.Sum256(b[:len(b)-32])
	return append(bytes.Clone(b[:len(b)-32]), sum[:]...)
}

// Records whose digest is right and whose content is not.
func TestRefusedRecords(t *testing.T) {
	base := sampleRecord()
	change := func(f func(b []byte) []byte) []byte { return reseal(f(base.seal())) }
	actor := recordHeader
	for name, b := range map[string][]byte{
		"version":       change(func(b []byte) []byte { b[0] = 2; return b }),
		"long text":     change(func(b []byte) []byte { binary.LittleEndian.PutUint16(b[actor:], 0xffff); return b }),
		"not UTF-8":     change(func(b []byte) []byte { b[actor+2] = 0xff; return b }),
		"one more byte": change(func(b []byte) []byte { return append(b[:len(b)-32], make([]byte, 33)...) }),
		"unsorted": func() []byte {
			r := base
			r.Detail = []Pair{{"b", ""}, {"a", ""}}
			return r.seal()
		}(),
		"no action": func() []byte { r := base; r.Action = ""; return r.seal() }(),
	} {
		if _, err := decodeRecord(b); !errors.Is(err, ErrRecord) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, line := range map[string]string{
		"not JSON":     `{`,
		"short digest": `{"sequence":1,"action":"a","previous":"00","node":"","digest":""}`,
		"not hex":      `{"sequence":1,"action":"a","previous":"zz"}`,
	} {
		var r Record
		if err := json.Unmarshal([]byte(line), &r); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzRecord(f *testing.F) {
	r := sampleRecord()
	f.Add(r.seal())
	f.Fuzz(func(t *testing.T, b []byte) {
		try := [][]byte{b}
		if len(b) >= 32 {
			try = append(try, reseal(b))
		}
		for _, b := range try {
			if r, err := decodeRecord(b); err == nil && !bytes.Equal(r.seal(), b) {
				t.Errorf("%x decodes, but encodes to %x", b, r.seal())
			}
		}
	})
}

func FuzzHead(f *testing.F) {
	f.Add(Head{9, Digest{1}}.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, err := decodeHead(b); err == nil && !bytes.Equal(h.encode(), b) {
			t.Errorf("%x decodes, but encodes to %x", b, h.encode())
		}
	})
}

func FuzzExport(f *testing.F) {
	r := sampleRecord()
	r.seal()
	line, err := json.Marshal(r)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append(line, '\n'))
	f.Fuzz(func(t *testing.T, b []byte) {
		faults := 0
		head, err := VerifyExport(bytes.NewReader(b), func(Fault) bool { faults++; return faults < 100 })
		if err == nil && faults == 0 && len(b) > 0 && head == (Head{}) {
			t.Errorf("%q is sound and has no head", b)
		}
	})
}
