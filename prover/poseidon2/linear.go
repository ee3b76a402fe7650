package poseidon2

import "rpp-node/prover/field"

// ExternalLinear applies the full rounds' matrix to a state: M4 =
// [[2,3,1,1],[1,2,3,1],[1,1,2,3],[3,1,1,2]] on each block of four, then to every
// element the sum over all blocks of the elements at its place.
func (p *Perm) ExternalLinear(state []field.Elem) {
	f := p.f
	var sums [4]field.Elem
	for b := 0; b < len(state); b += 4 {
		m4(f, (*[4]field.Elem)(state[b:]))
		for i := range sums {
			sums[i] = f.Add(sums[i], state[b+i])
		}
	}
	for i := range state {
		state[i] = f.Add(state[i], sums[i%4])
	}
}

func m4(f *field.Field, x *[4]field.Elem) {
	t01 := f.Add(x[0], x[1])
	t23 := f.Add(x[2], x[3])
	t := f.Add(t01, t23)
	t0 := f.Add(t, x[1]) // x0 + 2x1 + x2 + x3
	t2 := f.Add(t, x[3]) // x0 + x1 + x2 + 2x3
	d0, d2 := f.Double(x[0]), f.Double(x[2])
	x[0] = f.Add(t0, t01) // 2x0 + 3x1 + x2 + x3
	x[1] = f.Add(t0, d2)  // x0 + 2x1 + 3x2 + x3
	x[2] = f.Add(t2, t23) // x0 + x1 + 2x2 + 3x3
	x[3] = f.Add(t2, d0)  // 3x0 + x1 + x2 + 2x3
}

// InternalLinear applies the partial rounds' matrix to a state: state[i] becomes
// V[i]·state[i] + Σ state.
func (p *Perm) InternalLinear(state []field.Elem) {
	f := p.f
	var sum field.Elem
	for _, v := range state {
		sum = f.Add(sum, v)
	}
	for i, v := range state {
		state[i] = f.Add(f.Mul(p.diagonal[i], v), sum)
	}
}

// externalInverse undoes ExternalLinear. With X the sum of the blocks x, the matrix gives
// M4·(x + X) for each; these sum up to (n+1)·M4·X for n blocks.
func (p *Perm) externalInverse(state []field.Elem) {
	f := p.f
	var sums [4]field.Elem
	for b := 0; b < len(state); b += 4 {
		m4Inverse(f, (*[4]field.Elem)(state[b:]))
		for i := range sums {
			sums[i] = f.Add(sums[i], state[b+i])
		}
	}
	n := f.Inv(f.FromUint(uint64(len(state)/4 + 1)))
	for i := range state {
		state[i] = f.Sub(state[i], f.Mul(n, sums[i%4]))
	}
}

// m4Inverse undoes m4. The inverse is a circulant too, of first row (-4, 3, -11, 17)/35.
func m4Inverse(f *field.Field, x *[4]field.Elem) {
	y := *x
	over := f.Inv(f.FromUint(35))
	for i := range x {
		x[i] = 0
		for j, v := range [4]int64{-4, 3, -11, 17} {
			x[i] = f.Add(x[i], f.Mul(f.FromInt(v), y[(i+j)%4]))
		}
		x[i] = f.Mul(x[i], over)
	}
}
