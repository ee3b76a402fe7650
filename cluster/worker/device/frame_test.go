package device

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"rpp-node/prover/spec"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the golden frames")

// samples has one message of each kind.
func samples() []Message {
	u := Usage{Wall: time.Second, CPU: 900 * time.Millisecond, PeakBytes: 30 << 20, Cells: 407347, Stages: []StageUsage{{"trace", 13 * time.Millisecond}, {"grind", 41 * time.Millisecond}}}
	k := HeldKey{ChainID: 7, Fingerprint: [32]byte{1, 2, 3}}
	return []Message{
		&Load{HeldKey: k, Family: "pruning", Variant: "block-16", Blob: []byte("a key")},
		&Task{ID: 5, Spec: []byte("a spec"), Witness: []byte("a witness")},
		&Calibrate{Family: "pruning"},
		&Ready{Threads: 2, Kernels: "cpu-avx512"},
		&Held{Keys: []HeldKey{k, {ChainID: 1 << 63}}},
		&Stage{ID: 5, Name: "quotient-commit"},
		&Proved{ID: 5, Usage: u, File: []byte("a proof")},
		&Failed{ID: 5, Outcome: InvalidWitness, Usage: Usage{}, Code: "C404-invalid-witness", Reason: "row 3"},
		&Measured{Usage: u},
	}
}

func frame(t testing.TB, m Message) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	const name = "testdata/frames_v1.txt"
	got := fmt.Sprintf("magic %s\n", hex.EncodeToString([]byte(Magic)))
	for _, m := range samples() {
		got += fmt.Sprintf("%s %s\n", strings.TrimPrefix(reflect.TypeOf(m).String(), "*device."), hex.EncodeToString(frame(t, m)))
	}
	if *rewrite {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("frames\n%swant\n%s", got, want)
	}
}

func TestRoundTrip(t *testing.T) {
	for _, m := range samples() {
		got, err := Read(bytes.NewReader(frame(t, m)))
		if err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%+v, %v, want %+v", got, err, m)
		}
	}
}

func TestReadRejects(t *testing.T) {
	for _, m := range samples() {
		b := frame(t, m)
		for n := 1; n < len(b); n++ {
			if _, err := Read(bytes.NewReader(b[:n])); err == nil {
				t.Fatalf("%T: the first %d bytes are a frame", m, n)
			}
		}
		h := make([]byte, headerBytes)
		binary.LittleEndian.PutUint32(h, uint32(maxPayload[m.kind()]+1))
		h[4] = byte(m.kind())
		if _, err := Read(bytes.NewReader(h)); !errors.Is(err, ErrFrame) || !strings.Contains(err.Error(), "at most") {
			t.Errorf("%T one byte too long: %v", m, err)
		}
	}
	for name, b := range map[string][]byte{
		"unknown kind":    {1, 0, 0, 0, 77, 0},
		"empty unknown":   {0, 0, 0, 0, 77},
		"name too long":   frameOf(KindCalibrate, append([]byte{MaxNameBytes + 1}, make([]byte, MaxNameBytes)...)...),
		"too many keys":   frameOf(KindHeld, append([]byte{MaxKeys + 1}, make([]byte, 40*MaxKeys)...)...),
		"spec too long":   frameOf(KindTask, append(make([]byte, 8), 0xff, 0xff, 0xff, 0xff)...),
		"negative time":   frameOf(KindMeasured, append([]byte{0, 0, 0, 0, 0, 0, 0, 0x80}, make([]byte, 25)...)...),
		"outcome success": frameOf(KindFailed, append(append(make([]byte, 8), 1), make([]byte, 33+1+2)...)...),
		"bytes follow":    frameOf(KindCalibrate, 1, 'a', 'b'),
	} {
		if _, err := Read(bytes.NewReader(b)); !errors.Is(err, ErrFrame) {
			t.Errorf("%s: %v, want ErrFrame", name, err)
		}
	}
	if _, err := Read(bytes.NewReader(nil)); err != io.EOF {
		t.Errorf("no frame: %v, want EOF", err)
	}
	if err := ReadMagic(strings.NewReader("RPPDEV\x00\x02")); !errors.Is(err, ErrFrame) {
		t.Errorf("another version: %v", err)
	}
}

func frameOf(k Kind, payload ...byte) []byte {
	return append(append(binary.LittleEndian.AppendUint32(nil, uint32(len(payload))), byte(k)), payload...)
}

// Every kind has a bound, and what is written is cut to what can be read.
func TestLimits(t *testing.T) {
	for _, m := range samples() {
		if maxPayload[m.kind()] == 0 {
			t.Errorf("%T has no bound", m)
		}
	}
	long := strings.Repeat("x", 3<<10)
	u := Usage{Stages: make([]StageUsage, MaxStages+3)}
	for i := range u.Stages {
		u.Stages[i].Name = long
	}
	keys := make([]HeldKey, MaxKeys)
	for _, m := range []Message{
		&Calibrate{Family: long}, &Ready{Kernels: long}, &Held{Keys: keys}, &Stage{Name: long},
		&Failed{Outcome: Crashed, Usage: u, Code: long, Reason: long}, &Measured{Usage: u},
		&Load{Family: long, Variant: long}, &Task{Spec: make([]byte, spec.MaxBytes)},
	} {
		if _, err := Read(bytes.NewReader(frame(t, m))); err != nil {
			t.Errorf("the largest %T cannot be read: %v", m, err)
		}
	}
	if err := Write(io.Discard, &Task{Spec: make([]byte, spec.MaxBytes), Witness: make([]byte, 64<<20+1)}); !errors.Is(err, ErrFrame) {
		t.Errorf("a witness that is too large: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	for _, m := range samples() {
		f.Add(frame(f, m))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		if got := frame(t, m); !bytes.HasPrefix(b, got) {
			t.Fatalf("%T has two forms", m)
		}
	})
}
