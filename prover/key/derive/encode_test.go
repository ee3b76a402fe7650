package derive

import (
	"bytes"
	"encoding/binary"
	"errors"
	"reflect"
	"testing"

	"rpp-node/prover/air"
	"rpp-node/prover/device"
	"rpp-node/prover/field"
	"rpp-node/prover/key"
	"rpp-node/prover/merkle"
)

func TestRoundTrip(t *testing.T) {
	for _, h := range []merkle.Kind{merkle.Poseidon2, merkle.Keccak} {
		vk, pk, c := small(t, h, 1)
		vk2, pk2, err := Decode(Encode(vk, pk), c, 9, device.NewCPU(1))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(vk2, vk) || !reflect.DeepEqual(pk2.Prep, pk.Prep) || !reflect.DeepEqual(pk2.Sys.Seed, pk.Sys.Seed) || !reflect.DeepEqual(pk2.Sys.PrepCap, pk.Sys.PrepCap) {
			t.Errorf("%s: another key", h)
		}
	}
}

// refused reports whether an error is one of those that say what is wrong with the bytes.
func refused(err error) bool {
	return errors.Is(err, ErrProving) || errors.Is(err, key.ErrKey) || errors.Is(err, key.ErrMismatch)
}

// sections gives a part of every kind of an encoded key: magic, length and verifying key,
// then every 61st byte of the polynomials and extensions.
func sections(b []byte) (offsets []int) {
	head := len(provingMagic) + 4 + int(binary.LittleEndian.Uint32(b[len(provingMagic):]))
	for i := 0; i < len(b); i++ {
		if i >= head && i != len(b)-1 && (i-head)%61 != 0 {
			continue
		}
		offsets = append(offsets, i)
	}
	return offsets
}

// Wherever a bit flips, the key is refused, or is another verifying key with the same
// circuit (another name, other heights), which its fingerprint tells.
func TestDamage(t *testing.T) {
	vk, pk, c := small(t, merkle.Keccak, 1)
	dev := device.NewCPU(1)
	b := Encode(vk, pk)
	for _, i := range sections(b) {
		bad := bytes.Clone(b)
		bad[i] ^= 1
		got, _, err := Decode(bad, c, 9, dev)
		if err == nil && got.Fingerprint() == vk.Fingerprint() {
			t.Errorf("byte %d: accepted", i)
		}
		if err != nil && !refused(err) {
			t.Errorf("byte %d: %v", i, err)
		}
		if _, _, err := Decode(b[:i], c, 9, dev); !refused(err) {
			t.Errorf("first %d bytes: %v", i, err)
		}
	}
	if vk2, pk2, err := Decode(append(bytes.Clone(b), 0), c, 9, dev); vk2 != nil || pk2 != nil || !errors.Is(err, ErrProving) {
		t.Errorf("a byte more: %v", err)
	}
}

// Words that are not below the modulus have no place in a key.
func TestNonCanonical(t *testing.T) {
	vk, pk, c := small(t, merkle.Keccak, 1)
	b := Encode(vk, pk)
	for _, back := range []int{4, len(b) - len(provingMagic) - 4 - len(vk.Encode())} { // last word and first
		bad := bytes.Clone(b)
		word := bad[len(b)-back:]
		binary.LittleEndian.PutUint32(word, binary.LittleEndian.Uint32(word)+field.KoalaBear.Modulus())
		if _, _, err := Decode(bad, c, 9, device.NewCPU(1)); !errors.Is(err, ErrProving) {
			t.Errorf("%d bytes from the end: %v", back, err)
		}
	}
}

// A key without preprocessed columns is its verifying key.
func TestNoPreprocessed(t *testing.T) {
	vk, c := plainKey(t)
	dev := device.NewCPU(1)
	pk, err := Proving(vk, c, 0, dev)
	if err != nil || pk.Prep != nil {
		t.Fatalf("%v, %v", pk, err)
	}
	b := Encode(vk, pk)
	if want := len(provingMagic) + 4 + len(vk.Encode()); len(b) != want {
		t.Errorf("%d bytes, want %d", len(b), want)
	}
	vk2, pk2, err := Decode(b, c, 0, dev)
	if err != nil || !reflect.DeepEqual(vk, vk2) || pk2.Prep != nil {
		t.Errorf("%v, %v, %v", vk2, pk2, err)
	}
	if _, _, err := Decode(append(b, 0), c, 0, dev); !errors.Is(err, ErrProving) {
		t.Errorf("a byte more: %v", err)
	}
}

// FuzzDecode: no input makes the decoder panic, and what it accepts is the encoding of
// what it returns.
func FuzzDecode(f *testing.F) {
	vk, pk, c := small(f, merkle.Keccak, 1)
	f.Add(Encode(vk, pk))
	plain, plainCircuit := plainKey(f)
	dev := device.NewCPU(1)
	plainPK, err := Proving(plain, plainCircuit, 0, dev)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(Encode(plain, plainPK))
	f.Add([]byte(provingMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, circuit := range []*air.Circuit{c, plainCircuit} {
			if vk, pk, err := Decode(b, circuit, 9, dev); err == nil && !bytes.Equal(Encode(vk, pk), b) {
				t.Error("decodes to a key with another encoding")
			}
		}
	})
}
