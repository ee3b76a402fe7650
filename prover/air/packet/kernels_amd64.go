package packet

import (
	"unsafe"

	"rpp-node/prover/field"
	"rpp-node/prover/kernels"
)

// The interpreters run instructions from code on, up to the first End. sources holds, for
// each source, the address of its rows' slices.
//
//go:noescape
func runAVX512(code *uint32, regs *field.Elem, scalars *uint32, sources *unsafe.Pointer, p, mu uint32)

//go:noescape
func runAVX2(code *uint32, regs *field.Elem, scalars *uint32, sources *unsafe.Pointer, p, mu uint32)

// fold4 and fold5 add Σ_k coefs[k]·register(offsets[k]) to the sums; n is positive.
//
//go:noescape
func fold4AVX512(sums, regs *field.Elem, offsets *uint32, n int, coefs *field.Elem, p, mu uint32)

//go:noescape
func fold5AVX512(sums, regs *field.Elem, offsets *uint32, n int, coefs *field.Elem, p, mu uint32)

//go:noescape
func fold4AVX2(sums, regs *field.Elem, offsets *uint32, n int, coefs *field.Elem, p, mu uint32)

//go:noescape
func fold5AVX2(sums, regs *field.Elem, offsets *uint32, n int, coefs *field.Elem, p, mu uint32)

// lanes is the number of rows in a packet of a set's kernels.
func lanes(set kernels.Set) int {
	switch set {
	case kernels.AVX512:
		return 64
	case kernels.AVX2:
		return 32
	}
	return portableLanes
}

// run runs one segment.
func (m *Machine) run(s int) {
	code, regs := &m.code.words[m.code.starts[s]], &m.regs[0]
	var scalars *uint32
	if len(m.scalars) > 0 {
		scalars = &m.scalars[0]
	}
	switch m.set {
	case kernels.AVX512:
		runAVX512(code, regs, scalars, &m.sources[0], m.p.f.Modulus(), m.mu)
	case kernels.AVX2:
		runAVX2(code, regs, scalars, &m.sources[0], m.p.f.Modulus(), m.mu)
	default:
		m.runPortable(s)
	}
}

// fold adds one segment's outputs, which are at offsets, to the d sums.
func (m *Machine) fold(d int, offsets []uint32, coefs []field.Elem) {
	f := foldKernel(m.set, d)
	if f == nil {
		m.foldPortable(d, offsets, coefs)
		return
	}
	f(&m.folded(0)[0], &m.regs[0], &offsets[0], len(offsets), &coefs[0], m.p.f.Modulus(), m.mu)
}

func foldKernel(set kernels.Set, d int) func(sums, regs *field.Elem, offsets *uint32, n int, coefs *field.Elem, p, mu uint32) {
	switch {
	case set == kernels.AVX512 && d == 4:
		return fold4AVX512
	case set == kernels.AVX512 && d == 5:
		return fold5AVX512
	case set == kernels.AVX2 && d == 4:
		return fold4AVX2
	case set == kernels.AVX2 && d == 5:
		return fold5AVX2
	}
	return nil
}
