// Package kernels says which set of vector kernels runs in this process: AVX-512, AVX2
// or portable Go. Packages with kernels (field, poseidon2, keccak, ntt, air) ask Active
// at each call; the choice never changes a byte of what they compute, only its speed.
//
// The best set that the processor has is chosen when the process starts. The environment
// variable RPP_KERNELS overrides it, and Use overrides both: commands call it for their
// flag --device, before any work, and tests to run every set in turn. No goroutines; Use
// must not run while kernels do.
package kernels
