package keccak

import "encoding/binary"

// rateBytes is the rate of Keccak-256: the state less twice the output.
const rateBytes = 136

// Sum256 is Keccak-256 with the original padding (0x01 … 0x80), Ethereum's, not the
// SHA3-256 of FIPS 202.
func Sum256(b []byte) [32]byte {
	var a [25]uint64
	for len(b) >= rateBytes {
		absorb(&a, (*[rateBytes]byte)(b))
		b = b[rateBytes:]
	}
	var last [rateBytes]byte
	copy(last[:], b)
	pad(&last, len(b))
	absorb(&a, &last)
	var out [32]byte
	for i := range 4 {
		binary.LittleEndian.PutUint64(out[8*i:], a[i])
	}
	return out
}

// pad ends the last block, whose first n bytes are taken.
func pad(block *[rateBytes]byte, n int) {
	block[n] = 0x01
	block[rateBytes-1] |= 0x80
}

func absorb(a *[25]uint64, block *[rateBytes]byte) {
	add(a, block)
	Permute(a)
}

func add(a *[25]uint64, block *[rateBytes]byte) {
	for i := range rateBytes / 8 {
		a[i] ^= binary.LittleEndian.Uint64(block[8*i:])
	}
}
