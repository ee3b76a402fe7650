package keccak

// SpongeRate is the number of lanes that Sponge takes a block.
const SpongeRate = 17

// Sponge hashes lanes into dst: the state starts at zero, each block of up to
// SpongeRate lanes overwrites the state's first lanes (a short last block leaves the
// others as they were), and dst receives the first four at the end. There is no
// padding: an input whose length is a multiple of the rate adds no block, and an empty
// one gives zeros, so a caller's inputs have a length that it knows.
func Sponge(dst *[4]uint64, input []uint64) {
	var a [25]uint64
	for len(input) > 0 {
		n := copy(a[:SpongeRate], input)
		input = input[n:]
		Permute(&a)
	}
	*dst = [4]uint64(a[:4])
}
