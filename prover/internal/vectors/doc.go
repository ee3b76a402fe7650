// Package vectors reads the protocol's test vectors under prover/testdata/vectors,
// made with upstream commit 5dc50e51436a811c62443e336f766015fecc9217. Only tests import
// it. Nothing is cached.
package vectors
