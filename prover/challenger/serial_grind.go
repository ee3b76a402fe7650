package challenger

import (
	"math/bits"

	"rpp-node/prover/keccak"
)

// firstWitness implements source: it hashes the input and a witness for several witnesses
// at once.
func (s *serial) firstWitness(from, to uint64, n int) (uint64, bool) {
	var tail keccak.Tail256
	tail.Start(s.in)
	// A squeeze is read from its end, and a word so read is little-endian: the drawn word
	// is the upper half of the last lane, its bytes reversed.
	drawn := uint64(bits.ReverseBytes32(1<<n-1)) << 32
	var words [keccak.Batch]uint32
	var sums [4][keccak.Batch]uint64
	witness := s.f.FromUint(from)
	for w := from; w < to; w += keccak.Batch {
		for k := range words {
			words[k] = uint32(witness)
			witness = s.f.Add(witness, s.f.One())
		}
		tail.Sums(&sums, &words)
		for k, v := range sums[3][:min(keccak.Batch, to-w)] {
			if v&drawn == 0 {
				return w + uint64(k), true
			}
		}
	}
	return 0, false
}
