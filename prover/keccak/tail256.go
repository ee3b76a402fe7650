package keccak

import "encoding/binary"

// Tail256 is Keccak-256 of messages that have all but their last word of 32 bits in
// common, Batch of them at once: only the block with that word differs.
type Tail256 struct {
	// states is what is permuted with a word of zero, the same for all messages.
	states [25][Batch]uint64
	// The word's place: which lane, and by how many bits it is shifted there.
	lane, shift int
	// full says that the word ends its block, so that the padding is another one.
	full bool
}

// wordBytes is the length of the messages' last word.
const wordBytes = 4

// Start begins messages of prefix and a word. The prefix is a whole number of words.
func (t *Tail256) Start(prefix []byte) {
	if len(prefix)%wordBytes != 0 {
		panic("keccak: the last word would straddle two lanes")
	}
	var a [25]uint64
	for ; len(prefix) >= rateBytes; prefix = prefix[rateBytes:] {
		absorb(&a, (*[rateBytes]byte)(prefix))
	}
	at := len(prefix)
	t.lane, t.shift = at/8, at%8*8
	t.full = at+wordBytes == rateBytes
	var block [rateBytes]byte
	copy(block[:], prefix)
	if !t.full {
		pad(&block, at+wordBytes)
	}
	add(&a, &block)
	for i, v := range a {
		for k := range t.states[i] {
			t.states[i][k] = v
		}
	}
}

// Sums sets dst to the hashes of the messages that end in these words: element k of lane
// i is bytes [8i, 8i+8) of hash k, little-endian.
func (t *Tail256) Sums(dst *[4][Batch]uint64, words *[Batch]uint32) {
	common := t.states[t.lane]
	for k, w := range words {
		t.states[t.lane][k] ^= uint64(w) << t.shift
	}
	var out [25][Batch]uint64
	PermuteBatch(&out, &t.states)
	t.states[t.lane] = common
	if t.full {
		var last [rateBytes]byte
		pad(&last, 0)
		for k := range Batch {
			out[0][k] ^= binary.LittleEndian.Uint64(last[:])
			out[rateBytes/8-1][k] ^= binary.LittleEndian.Uint64(last[rateBytes-8:])
		}
		PermuteBatch(&out, &out)
	}
	*dst = [4][Batch]uint64(out[:4])
}
