// Command gen writes the kernels of package keccak. Run it by "go generate" there.
package main

func main() {
	avx512().Write("kernels_avx512_amd64.s")
	avx2().Write("kernels_avx2_amd64.s")
}

// A block of the sponge over lanes.
const (
	blockLanes = 17
	blockWords = 2 * blockLanes
	blockBytes = 8 * blockLanes
)

// pairBytes and digestBytes are the input and the output of a compression.
const (
	pairLanes   = 8
	pairBytes   = 8 * pairLanes
	digestBytes = 32
)
