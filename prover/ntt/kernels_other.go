//go:build !amd64

package ntt

// active is the kernel set that runs: there is one.
func active() *kernelSet { return portable }
