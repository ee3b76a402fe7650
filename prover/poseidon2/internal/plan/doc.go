// Package plan says how the vector kernels of Poseidon2 arrange a state and their
// constants: which lanes the partial rounds treat alone and which in pairs, and where
// each constant lies in the kernels' table. The generator of the kernels and the code
// that fills the table both follow it. Pure functions of the internal diagonals.
package plan
