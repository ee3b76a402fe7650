//go:build !amd64

package kernels

const hasAVX2, hasAVX512 = false, false
