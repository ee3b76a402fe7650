package gadget

import (
	"slices"
	"testing"

	"rpp-node/prover/field"
	"rpp-node/prover/poseidon2"
)

func elems(n int, from uint64) []field.Elem {
	out := make([]field.Elem, n)
	for i := range out {
		out[i] = Field.FromUint(from + uint64(i))
	}
	return out
}

// Hash, written out from its definition over the plain permutation.
func TestHashIsTheDefinedSponge(t *testing.T) {
	d := Domain{Family: 4, Tag: 7}
	perm := poseidon2.New(Field, StateLen)
	for n := range 26 {
		message := elems(n, 100)
		state := make([]field.Elem, StateLen)
		state[8], state[9], state[10] = Field.FromUint(7), Field.FromUint(uint64(n)), Field.FromUint(4)
		padded := append(slices.Clone(message), make([]field.Elem, (8-n%8)%8)...)
		if n == 0 {
			padded = make([]field.Elem, 8)
		}
		for i := 0; i < len(padded); i += 8 {
			copy(state, padded[i:i+8])
			perm.Permute(state)
		}
		if got := Hash(d, message); got != Digest(state[:8]) {
			t.Errorf("length %d: %s", n, got)
		}
	}
}

// Messages that differ only in what the capacity holds, or only in zeros at the end,
// have different digests.
func TestHashSeparates(t *testing.T) {
	seen := map[Digest]string{}
	add := func(what string, d Digest) {
		if other, ok := seen[d]; ok {
			t.Errorf("%s and %s have one digest", what, other)
		}
		seen[d] = what
	}
	for n := range 20 {
		add("zeros", Hash(Domain{1, 1}, make([]field.Elem, n)))
	}
	add("another tag", Hash(Domain{1, 2}, make([]field.Elem, 8)))
	add("another family", Hash(Domain{2, 1}, make([]field.Elem, 8)))
	add("tag and family exchanged", Hash(Domain{1, 3}, make([]field.Elem, 8)))
	add("family and tag exchanged", Hash(Domain{3, 1}, make([]field.Elem, 8)))
	add("a node of zeros", Node(Digest{}, Digest{}))
}

func TestNodeIsTheRateOfThePermutation(t *testing.T) {
	in := elems(16, 1)
	want := slices.Clone(in)
	poseidon2.New(Field, 16).Permute(want)
	if got := Node(Digest(in[:8]), Digest(in[8:])); got != Digest(want[:8]) {
		t.Errorf("%s", got)
	}
}

func TestDigestText(t *testing.T) {
	d := Digest(elems(8, 0x0102_0304))
	const text = "0403020105030201060302010703020108030201090302010a0302010b030201"
	if d.String() != text {
		t.Fatalf("%s, want %s", d, text)
	}
	var back Digest
	if err := back.UnmarshalText([]byte(text)); err != nil || back != d {
		t.Errorf("%s, %v", back, err)
	}
	for name, s := range map[string]string{
		"upper case":   "0403020105030201060302010703020108030201090302010A0302010b030201",
		"short":        text[:62],
		"long":         text + "00",
		"no digit":     "g" + text[1:],
		"the modulus":  "0100007f" + text[8:],
		"a full word":  "ffffffff" + text[8:],
		"last word, p": text[:56] + "0100007f",
	} {
		if _, err := ParseDigest(s); err == nil {
			t.Errorf("%s: accepted", name)
		}
		kept := d
		if err := kept.UnmarshalText([]byte(s)); err == nil || kept != d {
			t.Errorf("%s: UnmarshalText changed its receiver or gave no error", name)
		}
	}
	if _, err := DecodeDigest(make([]byte, 31)); err == nil {
		t.Error("31 bytes: accepted")
	}
	if (Digest{7: field.Elem(Field.Modulus())}).Reduced() {
		t.Error("an unreduced digest passes")
	}
}

func TestLimbs(t *testing.T) {
	for _, v := range []uint64{0, 1, 0xffff, 0x10000, 0x0123_4567_89ab_cdef, 1<<64 - 1} {
		l := LimbsOfU64(v)
		for i, e := range l {
			if want := uint32(v >> (16 * i) & 0xffff); Field.Uint(e) != want {
				t.Errorf("%#x: limb %d is %#x, want %#x", v, i, Field.Uint(e), want)
			}
		}
		if got, ok := U64OfLimbs(l[:]); !ok || got != v {
			t.Errorf("%#x: back %#x, %v", v, got, ok)
		}
	}
	for i := range LimbsU64 {
		l := LimbsOfU64(5)
		l[i] = Field.FromUint(1 << 16)
		if _, ok := U64OfLimbs(l[:]); ok {
			t.Errorf("limb %d = 2^16 accepted", i)
		}
	}
}
