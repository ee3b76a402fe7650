package artifact

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/zeebo/blake3"
)

// thorough makes the tests of faults take every write, bit and file instead of a sample.
var thorough = flag.Bool("thorough", false, "inject every fault, not a sample")

var update = flag.Bool("update", false, "rewrite the golden files of testdata")

// about is the artifact that the samples speak of.
var about = Digest(blake3.Sum256([]byte("an artifact")))

func sampleRecord(kind Kind) *record {
	r := &record{
		kind: kind, instance: 0x0807060504030201, sizeBytes: 2*ChunkBytes + 5, createdMS: start.UnixMilli(),
		chunks: [][32]byte{{1}, {2}, {3}},
	}
	if kind == Witness {
		r.storeKey = [8]byte{0xa, 0xb}
	}
	return r
}

func samplePlan() Plan {
	return Plan{CreatedMS: start.UnixMilli(), Items: []Item{
		{Digest: Digest{1}, Instance: 7, Kind: Witness, Reason: Unreferenced, SizeBytes: 1000},
		{Digest: Digest{2}, Instance: 1 << 40, Kind: Key, Reason: SetAside, SizeBytes: MaxKeyBytes},
		{Digest: Digest{3}, Kind: Other, Reason: Incomplete},
	}}
}

// samples are one value of each format, with its decoder.
func samples() map[string]struct {
	encoded []byte
	decoded any
	decode  func([]byte) (any, error)
} {
	type sample = struct {
		encoded []byte
		decoded any
		decode  func([]byte) (any, error)
	}
	i := intent{Key, 12345, start.UnixMilli()}
	e := evidence{start.UnixMilli(), 2, sampleRecord(Key).encode(about)}
	return map[string]sample{
		"record-key":     {sampleRecord(Key).encode(about), sampleRecord(Key), func(b []byte) (any, error) { return decodeRecord(about, b) }},
		"record-witness": {sampleRecord(Witness).encode(about), sampleRecord(Witness), func(b []byte) (any, error) { return decodeRecord(about, b) }},
		"intent":         {i.encode(about), i, func(b []byte) (any, error) { return decodeIntent(about, b) }},
		"evidence":       {e.encode(about), e, func(b []byte) (any, error) { return decodeEvidence(about, b) }},
		"plan":           {samplePlan().Encode(), samplePlan(), func(b []byte) (any, error) { return DecodePlan(b) }},
	}
}

// The golden files of version 1 are read for good, and are what is written today.
func TestGolden(t *testing.T) {
	for name, s := range samples() {
		file := filepath.Join("testdata", name+".v1.bin")
		if *update {
			if err := os.WriteFile(file, s.encoded, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(s.encoded, want) {
			t.Errorf("%s: encoding:\n%x, want\n%x", name, s.encoded, want)
		}
		got, err := s.decode(want)
		if err != nil || !reflect.DeepEqual(got, s.decoded) {
			t.Errorf("%s: %+v, %v, want %+v", name, got, err, s.decoded)
		}
	}
}

// What the disk gets of a witness is golden too: it must stay readable.
func TestGoldenSealed(t *testing.T) {
	s := testSealer(t, 2)
	key, err := s.newDataKey(random(1), about, 7)
	if err != nil {
		t.Fatal(err)
	}
	chunk := []byte("a chunk of a witness")
	got := append(bytes.Clone(key.wrapped), key.seal(chunk, about, 7, 2, 3)...)
	file := filepath.Join("testdata", "sealed.v1.bin")
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
		t.Errorf("%x, want %x", got, want)
	}
	opened, err := s.unwrap(want[:wrappedKeyBytes], about, 7)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := opened.open(want[wrappedKeyBytes:], about, 7, 2, 3); err != nil || !bytes.Equal(plain, chunk) {
		t.Errorf("%q, %v", plain, err)
	}
}

// Keys of the store are golden: a store is found again under the same keys.
func TestGoldenKeys(t *testing.T) {
	d := Digest(bytes.Repeat([]byte{0xee}, 32))
	hex := string(d[:])
	for _, c := range []struct {
		got  []byte
		want string
	}{
		{tableRecord.key(d), "ar" + hex},
		{tableDataKey.instanceKey(d, 1), "ad" + hex + "\x00\x00\x00\x00\x00\x00\x00\x01"},
		{tableIntent.instanceKey(d, 1), "ai" + hex + "\x00\x00\x00\x00\x00\x00\x00\x01"},
		{tableAside.instanceKey(d, 1), "ax" + hex + "\x00\x00\x00\x00\x00\x00\x00\x01"},
		{pieceKey(d, 1, 2, 3), "b" + hex + "\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x02\x00\x03"},
		{tablePin.key(d), "c" + hex},
		{[]byte(tablePlan), "d"},
	} {
		if string(c.got) != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

// No damage to a value goes unnoticed, nor that it belongs to another artifact.
func TestDamagedValues(t *testing.T) {
	for name, s := range samples() {
		for i := range s.encoded {
			if _, err := s.decode(s.encoded[:i]); err == nil {
				t.Errorf("%s: the first %d bytes are accepted", name, i)
			}
			for bit := range 8 {
				bad := bytes.Clone(s.encoded)
				bad[i] ^= 1 << bit
				if _, err := s.decode(bad); err == nil {
					t.Errorf("%s: byte %d, bit %d: accepted", name, i, bit)
				}
			}
		}
		if _, err := s.decode(append(bytes.Clone(s.encoded), 0)); err == nil {
			t.Errorf("%s: a byte more is accepted", name)
		}
	}
	for _, b := range [][]byte{
		sampleRecord(Key).encode(Digest{1}), (intent{Key, 1, 1}).encode(Digest{1}), (evidence{}).encode(Digest{1}),
	} {
		_, err1 := decodeRecord(about, b)
		_, err2 := decodeIntent(about, b)
		_, err3 := decodeEvidence(about, b)
		if err1 == nil || err2 == nil || err3 == nil {
			t.Error("the value of another artifact is accepted")
		}
	}
}

// Values whose checksum is right and whose content is not.
func TestRefusedValues(t *testing.T) {
	changed := func(change func(*record)) []byte {
		r := sampleRecord(Key)
		change(r)
		return r.encode(about)
	}
	for name, b := range map[string][]byte{
		"no kind":          changed(func(r *record) { r.kind = 0 }),
		"unknown kind":     changed(func(r *record) { r.kind = 5 }),
		"no size":          changed(func(r *record) { r.sizeBytes = 0 }),
		"negative size":    changed(func(r *record) { r.sizeBytes = -1 }),
		"too large":        changed(func(r *record) { r.sizeBytes = MaxKeyBytes + 1 }),
		"a chunk too few":  changed(func(r *record) { r.chunks = r.chunks[1:] }),
		"a chunk too many": changed(func(r *record) { r.chunks = append(r.chunks, [32]byte{}) }),
		"store key":        changed(func(r *record) { r.storeKey[7] = 1 }),
	} {
		if _, err := decodeRecord(about, b); err == nil || errors.Is(err, ErrVersion) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, i := range map[string]intent{"kind": {9, 1, 1}, "size": {Key, 0, 1}} {
		if _, err := decodeIntent(about, i.encode(about)); err == nil {
			t.Errorf("intent: %s is accepted", name)
		}
	}
	plan := func(change func(*Item)) []byte {
		p := samplePlan()
		change(&p.Items[1])
		return p.Encode()
	}
	for name, b := range map[string][]byte{
		"kind":     plan(func(it *Item) { it.Kind = 0 }),
		"reason 0": plan(func(it *Item) { it.Reason = 0 }),
		"reason 4": plan(func(it *Item) { it.Reason = 4 }),
		"size":     plan(func(it *Item) { it.SizeBytes = -1 }),
		"count":    resealPlan(func() []byte { b := samplePlan().Encode(); binary.LittleEndian.PutUint32(b[17:], 4); return b }()),
		"version":  resealPlan(func() []byte { b := samplePlan().Encode(); b[8] = 2; return b }()),
	} {
		if _, err := DecodePlan(b); !errors.Is(err, ErrPlan) {
			t.Errorf("plan: %s: %v", name, err)
		}
	}
	if b := (evidence{record: make([]byte, 2*maxEvidenceRecord)}).encode(about); len(b) > asideHeader+maxEvidenceRecord+32 {
		t.Errorf("evidence of %d bytes", len(b))
	}
	if _, err := decodeEvidence(about, make([]byte, asideHeader+maxEvidenceRecord+33)); err == nil {
		t.Error("evidence above its limit is accepted")
	}
}

func resealPlan(b []byte) []byte {
	sum := blake3.Sum256(b[:len(b)-32])
	return append(bytes.Clone(b[:len(b)-32]), sum[:]...)
}

// fuzz tries inputs as they are and with a fresh checksum, which a fuzzer would never
// find. What is accepted encodes to itself.
func fuzz(f *testing.F, names []string, reseal func([]byte) []byte, again func(b []byte) ([]byte, error)) {
	for _, name := range names {
		f.Add(samples()[name].encoded)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		try := [][]byte{b}
		if len(b) >= 32 {
			try = append(try, reseal(bytes.Clone(b)))
		}
		for _, b := range try {
			if got, err := again(b); err == nil && !bytes.Equal(got, b) {
				t.Errorf("%x decodes, but encodes to %x", b, got)
			}
		}
	})
}

func resealValue(b []byte) []byte { return seal(b[:len(b)-32], about) }

func FuzzRecord(f *testing.F) {
	fuzz(f, []string{"record-key", "record-witness"}, resealValue, func(b []byte) ([]byte, error) {
		r, err := decodeRecord(about, b)
		if err != nil {
			return nil, err
		}
		return r.encode(about), nil
	})
}

func FuzzIntent(f *testing.F) {
	fuzz(f, []string{"intent"}, resealValue, func(b []byte) ([]byte, error) {
		i, err := decodeIntent(about, b)
		return i.encode(about), err
	})
}

func FuzzEvidence(f *testing.F) {
	fuzz(f, []string{"evidence"}, resealValue, func(b []byte) ([]byte, error) {
		e, err := decodeEvidence(about, b)
		return e.encode(about), err
	})
}

func FuzzPlan(f *testing.F) {
	fuzz(f, []string{"plan"}, resealPlan, func(b []byte) ([]byte, error) {
		p, err := DecodePlan(b)
		return p.Encode(), err
	})
}
