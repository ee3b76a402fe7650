// Package asm writes Go assembly for the kernel generators (the internal/gen commands
// beside the packages that have kernels): text with fixed registers, plus the field
// arithmetic that several kernels share. It runs at generation time only.
//
// A generator emits one file for each instruction set; what both need is written once in
// terms of File.V (a vector register), Lanes and the arithmetic in field.go.
package asm
