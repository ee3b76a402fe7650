package field

// Powers are the powers of an extension element, prepared for the reduction of matrices'
// rows to one element each. They are not written after NewPowers; goroutines share them.
type Powers struct {
	x     *Ext
	words []int32 // centred, coefficient e of power c at [c/16][e][c%16]
	shift []E     // h·Σ of the first c powers, by c
}

// NewPowers prepares base^0, …, base^(n-1).
func (x *Ext) NewPowers(base E, n int) *Powers {
	f, d := x.Base, x.D
	p := &Powers{
		x:     x,
		words: make([]int32, (n+15)/16*16*d+16), // kernels also load one word later
		shift: make([]E, n+1),
	}
	for c, v := range x.Powers(base, n) {
		for e := range d {
			p.words[c/16*16*d+e*16+c%16] = f.centred(v[e])
		}
		p.shift[c+1] = x.Add(p.shift[c], x.MulBase(v, Elem(f.shift())))
	}
	return p
}

// RowDots sets dst[i] = Σ base^c·rows[i·stride+c] for c below width, which is at most the
// number of powers.
func (p *Powers) RowDots(dst []E, rows []Elem, width, stride int) {
	shift := &p.shift[width]
	if len(dst) == 0 {
		return
	}
	if width == 0 {
		clear(dst)
		return
	}
	_ = rows[(len(dst)-1)*stride+width-1]
	if p.dotsKernel(dst, rows, width, stride) {
		return
	}
	for i := range dst {
		dst[i] = p.dot(rows[i*stride:i*stride+width], shift)
	}
}

// dot is the portable kernel, for one row.
func (p *Powers) dot(row []Elem, shift *E) (r E) {
	f, d := p.x.Base, p.x.D
	m, h := f.m(), int64(f.shift())
	var acc [MaxDegree]uint64
	for c := 0; c < len(row); c += blockRows {
		n := min(blockRows, len(row)-c)
		at := c/16*16*d + c%16
		for e := range d {
			w := p.words[at+e*16 : at+e*16+n]
			var sum int64
			for i, v := range row[c : c+n] {
				sum += int64(w[i]) * (int64(v) - h)
			}
			acc[e] = accumulate(acc[e], sum, m)
		}
	}
	for e := range d {
		r[e] = f.Add(f.reduce(acc[e]), shift[e])
	}
	return r
}
