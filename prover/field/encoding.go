package field

import "encoding/binary"

// WordBytes is the length of one encoded element in both encodings.
const WordBytes = 4

// AppendWord appends upstream's encoding of a: its Montgomery word, little-endian.
func AppendWord(b []byte, a Elem) []byte { return binary.LittleEndian.AppendUint32(b, uint32(a)) }

// AppendCanonical appends our own encoding of a: its canonical integer, little-endian.
func (f *Field) AppendCanonical(b []byte, a Elem) []byte {
	return binary.LittleEndian.AppendUint32(b, f.Uint(a))
}

// DecodeWord reads upstream's encoding from the first four bytes of b and reports
// whether they held a reduced word.
func (f *Field) DecodeWord(b []byte) (Elem, bool) {
	if len(b) < WordBytes {
		return 0, false
	}
	return f.FromWord(binary.LittleEndian.Uint32(b))
}

// DecodeCanonical reads our own encoding from the first four bytes of b and reports
// whether they held an integer below p.
func (f *Field) DecodeCanonical(b []byte) (Elem, bool) {
	if len(b) < WordBytes {
		return 0, false
	}
	return f.FromUint32(binary.LittleEndian.Uint32(b))
}
