package poseidon2

import (
	"fmt"
	"slices"

	"rpp-node/prover/field"
	"rpp-node/prover/poseidon2/internal/plan"
)

// MaxWidth is the largest width of a permutation, for state buffers on the stack.
const MaxWidth = 24

// fullRoundsHalf is the number of full rounds before, and again after, the partial ones.
const fullRoundsHalf = 4

// roundConstants are one instance's constants in canonical form.
type roundConstants struct {
	initial, final [fullRoundsHalf][]uint32
	internal       []uint32
}

// Perm is one instance of the permutation. The slices that its accessors return are
// its own: callers read them and never write.
type Perm struct {
	f        *field.Field
	width    int
	external [2][fullRoundsHalf][]field.Elem
	internal []field.Elem
	diagonal []field.Elem
	digest   [32]byte
	arranged *plan.Plan
	table    []uint64     // constants of the AVX-512 kernel
	flat     []field.Elem // round constants in the order of the rounds, for the AVX2 kernel
	kernels  kernelSet
}

var perms = []*Perm{
	newPerm(field.KoalaBear, &koalaBear16, "KB16"),
	newPerm(field.KoalaBear, &koalaBear24, "KB24"),
	newPerm(field.BabyBear, &babyBear16, "BB16"),
	newPerm(field.BabyBear, &babyBear24, "BB24"),
}

// New returns the instance of that field and width. It panics if there is none:
// widths are constants of the hash configurations, never input.
func New(f *field.Field, width int) *Perm {
	for _, p := range perms {
		if p.f == f && p.width == width {
			return p
		}
	}
	panic(fmt.Sprintf("poseidon2: no instance of width %d over %s; widths are 16 and 24", width, f.Name()))
}

func newPerm(f *field.Field, rc *roundConstants, name plan.Name) *Perm {
	arranged := plan.Instances[name]
	p := &Perm{f: f, width: arranged.Width, arranged: arranged, kernels: kernelsOf(name)}
	for r := range fullRoundsHalf {
		p.external[0][r] = elems(f, rc.initial[r])
		p.external[1][r] = elems(f, rc.final[r])
	}
	p.internal = elems(f, rc.internal)
	p.diagonal = make([]field.Elem, p.width)
	for i, v := range arranged.Diagonal {
		p.diagonal[i] = ratio(f, v)
	}
	p.table = newTable(p)
	p.flat = slices.Concat(slices.Concat(p.external[0][:]...), p.internal, slices.Concat(p.external[1][:]...))
	p.digest = p.computeDigest()
	return p
}

func elems(f *field.Field, canonical []uint32) []field.Elem {
	out := make([]field.Elem, len(canonical))
	for i, v := range canonical {
		e, ok := f.FromUint32(v)
		if !ok {
			panic("poseidon2: round constant not below the modulus")
		}
		out[i] = e
	}
	return out
}

// Field is the field of the state.
func (p *Perm) Field() *field.Field { return p.f }

// Width is the number of elements of the state.
func (p *Perm) Width() int { return p.width }

// FullRoundsHalf is the number of full rounds on each side of the partial ones.
func (p *Perm) FullRoundsHalf() int { return fullRoundsHalf }

// PartialRounds is the number of rounds with a single S-box.
func (p *Perm) PartialRounds() int { return len(p.internal) }

// ExternalConstants are added to the state at the start of a full round; half is 0
// before the partial rounds and 1 after them.
func (p *Perm) ExternalConstants(half, round int) []field.Elem { return p.external[half][round] }

// InternalConstant is added to the first element at the start of a partial round.
func (p *Perm) InternalConstant(round int) field.Elem { return p.internal[round] }

// InternalDiagonal is V in the internal matrix: all ones, plus V on the diagonal.
func (p *Perm) InternalDiagonal() []field.Elem { return p.diagonal }

// Digest is BLAKE3-256 over the instance's parameters (see computeDigest); verifying
// keys carry it.
func (p *Perm) Digest() [32]byte { return p.digest }
