// Package op is the instruction set of packet's interpreters: what its compiler, its
// portable interpreter and the generator of the others agree on.
//
// An instruction is four 32-bit words: the operation with its flags, the destination, two
// operands. Operands and destinations are offsets of registers; a register holds one value
// for every row of a packet. The result of every operation but Load also stays in the
// accumulator, where the next one may find an operand, so that a value with one reader
// need not go through memory.
//
// Data only, no goroutines.
package op
