package field

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"
)

func TestEncodings(t *testing.T) {
	for _, f := range allFields {
		for _, a := range operands(f, 40) {
			w := AppendWord([]byte{9}, a)
			if got, ok := f.DecodeWord(w[1:]); !ok || got != a || w[0] != 9 || len(w) != 1+WordBytes {
				t.Errorf("%s: %d comes back from %x as %d, %v", f.Name(), a, w, got, ok)
			}
			c := f.AppendCanonical([]byte{9}, a)
			if got, ok := f.DecodeCanonical(c[1:]); !ok || got != a || c[0] != 9 || len(c) != 1+WordBytes {
				t.Errorf("%s: %d comes back from %x as %d, %v", f.Name(), a, c, got, ok)
			}
			if got := binary.LittleEndian.Uint32(c[1:]); got != f.Uint(a) {
				t.Errorf("%s: canonical encoding of %d holds %d", f.Name(), f.Uint(a), got)
			}
		}
	}
}

// TestDecodersRefuse gives both decoders every kind of word that no element has.
func TestDecodersRefuse(t *testing.T) {
	for _, f := range allFields {
		p := f.Modulus()
		for _, v := range []uint32{p, p + 1, 2*p - 1, 2 * p, 1 << 31, math.MaxUint32} {
			b := binary.LittleEndian.AppendUint32(nil, v)
			if _, ok := f.FromUint32(v); ok {
				t.Errorf("%s: FromUint32 takes %d", f.Name(), v)
			}
			if _, ok := f.FromWord(v); ok {
				t.Errorf("%s: FromWord takes %d", f.Name(), v)
			}
			if _, ok := f.DecodeWord(b); ok {
				t.Errorf("%s: DecodeWord takes %d", f.Name(), v)
			}
			if _, ok := f.DecodeCanonical(b); ok {
				t.Errorf("%s: DecodeCanonical takes %d", f.Name(), v)
			}
		}
		for n := range WordBytes {
			b := bytes.Repeat([]byte{0}, n)
			if _, ok := f.DecodeWord(b); ok {
				t.Errorf("%s: DecodeWord takes %d bytes", f.Name(), n)
			}
			if _, ok := f.DecodeCanonical(b); ok {
				t.Errorf("%s: DecodeCanonical takes %d bytes", f.Name(), n)
			}
		}
		if got, ok := f.FromUint32(p - 1); !ok || f.Uint(got) != p-1 {
			t.Errorf("%s: FromUint32(p-1) = %d, %v", f.Name(), f.Uint(got), ok)
		}
	}
}
