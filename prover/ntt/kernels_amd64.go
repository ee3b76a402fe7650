package ntt

import "rpp-node/prover/kernels"

//go:generate go run ./internal/gen

//go:noescape
func copy1AVX512(p *pass)

//go:noescape
func forward2AVX512(p *pass)

//go:noescape
func forwardLast2AVX512(p *pass)

//go:noescape
func forwardStream2AVX512(p *pass)

//go:noescape
func inverse2AVX512(p *pass)

//go:noescape
func inverseGather2AVX512(p *pass)

//go:noescape
func inverseLast2AVX512(p *pass)

//go:noescape
func forward4AVX512(p *pass)

//go:noescape
func forwardLast4AVX512(p *pass)

//go:noescape
func forwardStream4AVX512(p *pass)

//go:noescape
func inverse4AVX512(p *pass)

//go:noescape
func inverseGather4AVX512(p *pass)

//go:noescape
func inverseLast4AVX512(p *pass)

//go:noescape
func forward8AVX512(p *pass)

//go:noescape
func forwardLast8AVX512(p *pass)

//go:noescape
func forwardStream8AVX512(p *pass)

//go:noescape
func inverse8AVX512(p *pass)

//go:noescape
func inverseGather8AVX512(p *pass)

//go:noescape
func inverseLast8AVX512(p *pass)

//go:noescape
func forward16AVX512(p *pass)

//go:noescape
func forwardLast16AVX512(p *pass)

//go:noescape
func forwardStream16AVX512(p *pass)

//go:noescape
func inverse16AVX512(p *pass)

//go:noescape
func inverseGather16AVX512(p *pass)

//go:noescape
func inverseLast16AVX512(p *pass)

//go:noescape
func copy1AVX2(p *pass)

//go:noescape
func forward2AVX2(p *pass)

//go:noescape
func forwardLast2AVX2(p *pass)

//go:noescape
func forwardStream2AVX2(p *pass)

//go:noescape
func inverse2AVX2(p *pass)

//go:noescape
func inverseGather2AVX2(p *pass)

//go:noescape
func inverseLast2AVX2(p *pass)

//go:noescape
func forward4AVX2(p *pass)

//go:noescape
func forwardLast4AVX2(p *pass)

//go:noescape
func forwardStream4AVX2(p *pass)

//go:noescape
func inverse4AVX2(p *pass)

//go:noescape
func inverseGather4AVX2(p *pass)

//go:noescape
func inverseLast4AVX2(p *pass)

//go:noescape
func forward8AVX2(p *pass)

//go:noescape
func forwardLast8AVX2(p *pass)

//go:noescape
func forwardStream8AVX2(p *pass)

//go:noescape
func inverse8AVX2(p *pass)

//go:noescape
func inverseGather8AVX2(p *pass)

//go:noescape
func inverseLast8AVX2(p *pass)

var avx512 = &kernelSet{
	radix:         4,
	copy:          copy1AVX512,
	forward:       [maxRadix + 1]kernel{1: forward2AVX512, 2: forward4AVX512, 3: forward8AVX512, 4: forward16AVX512},
	forwardLast:   [maxRadix + 1]kernel{1: forwardLast2AVX512, 2: forwardLast4AVX512, 3: forwardLast8AVX512, 4: forwardLast16AVX512},
	forwardStream: [maxRadix + 1]kernel{1: forwardStream2AVX512, 2: forwardStream4AVX512, 3: forwardStream8AVX512, 4: forwardStream16AVX512},
	inverse:       [maxRadix + 1]kernel{1: inverse2AVX512, 2: inverse4AVX512, 3: inverse8AVX512, 4: inverse16AVX512},
	inverseGather: [maxRadix + 1]kernel{1: inverseGather2AVX512, 2: inverseGather4AVX512, 3: inverseGather8AVX512, 4: inverseGather16AVX512},
	inverseLast:   [maxRadix + 1]kernel{1: inverseLast2AVX512, 2: inverseLast4AVX512, 3: inverseLast8AVX512, 4: inverseLast16AVX512},
}

var avx2 = &kernelSet{
	radix:         3,
	copy:          copy1AVX2,
	forward:       [maxRadix + 1]kernel{1: forward2AVX2, 2: forward4AVX2, 3: forward8AVX2},
	forwardLast:   [maxRadix + 1]kernel{1: forwardLast2AVX2, 2: forwardLast4AVX2, 3: forwardLast8AVX2},
	forwardStream: [maxRadix + 1]kernel{1: forwardStream2AVX2, 2: forwardStream4AVX2, 3: forwardStream8AVX2},
	inverse:       [maxRadix + 1]kernel{1: inverse2AVX2, 2: inverse4AVX2, 3: inverse8AVX2},
	inverseGather: [maxRadix + 1]kernel{1: inverseGather2AVX2, 2: inverseGather4AVX2, 3: inverseGather8AVX2},
	inverseLast:   [maxRadix + 1]kernel{1: inverseLast2AVX2, 2: inverseLast4AVX2, 3: inverseLast8AVX2},
}

// active is the kernel set that runs.
func active() *kernelSet {
	switch kernels.Active() {
	case kernels.AVX512:
		return avx512
	case kernels.AVX2:
		return avx2
	}
	return portable
}
