package gadget

import (
	"rpp-node/prover/field"
	"rpp-node/prover/poseidon2"
)

// State is a state of the permutation: rate first, capacity last.
type State [StateLen]field.Elem

var perm16 = poseidon2.New(Field, StateLen)

// Permute returns the permutation of s.
func Permute(s State) State {
	perm16.Permute(s[:])
	return s
}

func join(left, right Digest) State {
	var s State
	copy(s[:], left[:])
	copy(s[DigestLen:], right[:])
	return s
}

func (s *State) digest() Digest { return Digest(s[:DigestLen]) }

// Node is the inner node over two children. See the package comment for where it may be
// used.
func Node(left, right Digest) Digest {
	s := Permute(join(left, right))
	return s.digest()
}

// capacity is the initial capacity of a message of that domain and length.
func capacity(d Domain, length int) Digest {
	return Digest{Field.FromUint(uint64(d.Tag)), Field.FromUint(uint64(length)), Field.FromUint(uint64(d.Family))}
}

// Hash is the sponge: each block of up to Rate elements, filled up with zeros, replaces
// the rate, then the state is permuted; the digest is the rate at the end. An empty
// message is one block of zeros. The length is part of the capacity, so the filling is
// no message of its own.
func Hash(d Domain, elems []field.Elem) Digest {
	s := join(Digest{}, capacity(d, len(elems)))
	for done := false; !done; {
		var block Digest
		n := copy(block[:], elems)
		elems = elems[n:]
		done = len(elems) == 0
		copy(s[:], block[:])
		s = Permute(s)
	}
	return s.digest()
}
