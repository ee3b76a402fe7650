package codec_test

import (
	"errors"
	"runtime"
	"testing"

	"rpp-node/prover/codec"
	"rpp-node/prover/field"
	"rpp-node/prover/merkle"
)

// TestMemoryOfEmptyLists decodes large inputs of lists of empty lists: a byte of each is
// a header of 24 bytes or more in memory. However they are nested, decoding stays within
// four times the input and 16 MiB.
func TestMemoryOfEmptyLists(t *testing.T) {
	format := codec.Format{Ext: field.KoalaBear5, Hash: merkle.Keccak}
	const size = codec.MaxProofBytes
	million := []byte{0xc0, 0x84, 0x3d}
	for what, prefix := range map[string][]byte{
		"instances": append([]byte{0, 0, 0, 0}, 0xc0, 0x9a, 0x0c),             // 200,000 of them
		"chunks":    append([]byte{0, 0, 0, 0, 1, 0, 0, 0, 0}, million...),    // of one instance
		"commits":   append([]byte{0, 0, 0, 0, 0}, million...),                // of the folding
		"rows":      append([]byte{0, 0, 0, 0, 0, 0, 0, 1, 1}, million...),    // of one query
		"queries":   append([]byte{0, 0, 0, 0, 0, 0, 0, 1}, million...),       // of one input
		"values":    append([]byte{0, 0, 0, 0, 0, 0, 0, 0, 1, 1}, million...), // of one round
	} {
		b := append(prefix, make([]byte, size-len(prefix))...)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := format.Decode(b, size)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, codec.ErrTooLarge) && !errors.Is(err, codec.ErrTrailing) {
			t.Errorf("%s: %v", what, err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 4*size+16<<20 {
			t.Errorf("%s: %d MiB allocated", what, n>>20)
		}
	}
	// A proof as large as may be, of rows as narrow as may be, is no such input.
	rows := make([][][]field.Elem, 0)
	for range 1024 {
		query := make([][]field.Elem, 740)
		for m := range query {
			query[m] = []field.Elem{1}
		}
		rows = append(rows, query)
	}
	p := &codec.FRIProof{Inputs: []codec.BatchOpening{{Rows: rows}}}
	b := format.EncodeFRI(nil, p)
	if len(b) < size*9/10 || len(b) > size {
		t.Fatalf("%d bytes", len(b))
	}
	if _, err := format.DecodeFRI(b, size); err != nil {
		t.Errorf("narrow rows: %v", err)
	}
}
