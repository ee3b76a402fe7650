package gossip

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "rewrite the golden files of testdata")

func sampleMeta() Meta {
	m := Meta{
		Role: Worker, Health: Degraded, Draining: true, BestDevice: AVX512, Command: 0x0201, Devices: 2,
		Threads: 0x0403, KeysReady: 5, KeysWanted: 6, Weight: 0x0a090807, Load: 1000, KeyVersion: 0x1817161514131211,
		APIAddress: "10.0.0.7:7443", Build: "v1.2.3-abcdef",
	}
	for i := range m.ID {
		m.ID[i] = byte(0xe0 + i%16)
	}
	return m
}

func sampleState() []NodeStatus {
	return []NodeStatus{
		{ID: ID{1}, Sequence: 0x0807060504030201, AtMS: 1700000000000, Payload: []byte("one")},
		{ID: ID{2}, Sequence: sequenceMax, Payload: []byte{}},
	}
}

func golden(t *testing.T, name string, got []byte) []byte {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s:\n%x, want\n%x", name, got, want)
	}
	return want
}

// The golden files of version 1 are read for good, and are what is written today.
func TestGolden(t *testing.T) {
	m := sampleMeta()
	b, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := DecodeMeta(golden(t, "meta.v1", b)); err != nil || got != m {
		t.Errorf("%+v, %v", got, err)
	}
	s := golden(t, "state.v1", encodeState(sampleState()))
	if got, err := decodeState(s); err != nil || !reflect.DeepEqual(got, sampleState()) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestMetaRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := Meta{
			Role: rapid.SampledFrom([]Role{Voter, Worker}).Draw(t, "role"), Health: Health(rapid.IntRange(0, 2).Draw(t, "health")),
			Draining: rapid.Bool().Draw(t, "draining"), Leaving: rapid.Bool().Draw(t, "leaving"),
			Command: rapid.Uint16().Draw(t, "command"), Threads: rapid.Uint16().Draw(t, "threads"),
			KeysReady: rapid.Uint16().Draw(t, "ready"), KeysWanted: rapid.Uint16().Draw(t, "wanted"),
			Weight: rapid.Uint32().Draw(t, "weight"), Load: rapid.Uint32().Draw(t, "load"), KeyVersion: rapid.Uint64().Draw(t, "key"),
			APIAddress: rapid.StringMatching(`[!-~]{0,128}`).Draw(t, "address"), Build: rapid.StringMatching(`[!-~]{0,64}`).Draw(t, "build"),
		}
		if k := rapid.IntRange(0, 5).Draw(t, "kind"); k > 0 {
			m.BestDevice, m.Devices = DeviceKind(k), rapid.Uint16Range(1, 65535).Draw(t, "devices")
		}
		b, err := m.Encode()
		if err != nil || len(b) > MetaBytesMax {
			t.Fatalf("%d bytes, %v", len(b), err)
		}
		if got, err := DecodeMeta(b); err != nil || got != m {
			t.Fatalf("%+v, %v", got, err)
		}
	})
}

func TestMetaRefused(t *testing.T) {
	m := sampleMeta()
	good, _ := m.Encode()
	for i := range good {
		if _, err := DecodeMeta(good[:i]); !errors.Is(err, ErrMeta) {
			t.Errorf("%d bytes: %v", i, err)
		}
	}
	for at, v := range map[int]byte{0: 2, 33: 0, 34: 3, 35: 4, 36: 6, 37: 1, 64: 129, 65: ' ', 66: 0x7f, len(good) - 1: 0x80} {
		b := bytes.Clone(good)
		b[at] = v
		if _, err := DecodeMeta(b); !errors.Is(err, ErrMeta) {
			t.Errorf("byte %d = %d: %v", at, v, err)
		}
	}
	for _, b := range [][]byte{append(bytes.Clone(good), 0), make([]byte, MetaBytesMax+1)} {
		if _, err := DecodeMeta(b); !errors.Is(err, ErrMeta) {
			t.Errorf("%d bytes: %v", len(b), err)
		}
	}
	for name, change := range map[string]func(*Meta){
		"role":    func(m *Meta) { m.Role = 3 },
		"health":  func(m *Meta) { m.Health = 3 },
		"kind":    func(m *Meta) { m.BestDevice = CUDA + 1 },
		"devices": func(m *Meta) { m.Devices = 0 },
		"no kind": func(m *Meta) { m.BestDevice = NoDevice },
		"address": func(m *Meta) { m.APIAddress = strings.Repeat("a", addressBytesMax+1) },
		"build":   func(m *Meta) { m.Build = "v 1" },
	} {
		m := sampleMeta()
		change(&m)
		if b, err := m.Encode(); !errors.Is(err, ErrMeta) || b != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStateRefused(t *testing.T) {
	good := encodeState(sampleState())
	for i := range good {
		if _, err := decodeState(good[:i]); !errors.Is(err, ErrState) {
			t.Errorf("%d bytes: %v", i, err)
		}
	}
	same, back, ahead := sampleState(), sampleState(), sampleState()
	same[1].ID = same[0].ID
	ahead[0].Sequence = sequenceMax + 1
	long := []NodeStatus{{ID: ID{1}, Payload: make([]byte, StatusBytesMax+1)}}
	many := make([]NodeStatus, MemberCountMax+1)
	for i := range many {
		many[i].ID = ID{byte(i >> 8), byte(i)}
	}
	swapped := encodeState(back)
	copy(swapped[stateHeaderBytes:], []byte{3})
	for name, b := range map[string][]byte{
		"more":     append(bytes.Clone(good), 0),
		"the same": encodeState(same),
		"order":    swapped,
		"sequence": encodeState(ahead),
		"payload":  encodeState(long),
		"many":     encodeState(many),
		"large":    make([]byte, StateBytesMax+1),
		"version":  {2, 0, 0, 0, 0},
	} {
		if _, err := decodeState(b); !errors.Is(err, ErrState) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if list, err := decodeState(encodeState(many[:MemberCountMax])); err != nil || len(list) != MemberCountMax {
		t.Errorf("as many as may be: %d, %v", len(list), err)
	}
}

// FuzzMeta: no input makes the decoder panic, and what it accepts is the encoding of what it
// returns.
func FuzzMeta(f *testing.F) {
	m := sampleMeta()
	b, _ := m.Encode()
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := DecodeMeta(b)
		if err != nil {
			return
		}
		if again, err := m.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%x decodes, but encodes to %x, %v", b, again, err)
		}
	})
}

// FuzzState does the same for what peers push, and takes it into a table that knows some.
func FuzzState(f *testing.F) {
	f.Add(encodeState(sampleState()))
	f.Add(encodeState(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := decodeState(b)
		if err != nil {
			return
		}
		if again := encodeState(list); !bytes.Equal(again, b) {
			t.Errorf("%x decodes, but encodes to %x", b, again)
		}
		table := tableOf(ID{1})
		table.setOwn([]byte("own"))
		table.merge(list)
		if s, _ := table.status(ID{1}); string(s.Payload) != "own" {
			t.Errorf("a peer replaced our own status by %x", s.Payload)
		}
		if _, err := decodeState(table.state()); err != nil {
			t.Errorf("what we push cannot be read: %v", err)
		}
	})
}
