package asm

import "fmt"

// Sub begins a subroutine of this file, which its other functions reach by Call. What it
// takes and gives lies in registers; it ends with a plain RET.
func (f *File) Sub(name string) {
	fmt.Fprintf(&f.text, "\nTEXT %s%s<>(SB), NOSPLIT|NOFRAME, $0-0\n", name, f.Suffix())
	f.labels++
	f.suffix = fmt.Sprintf("_%d", f.labels)
}

// Call emits a call of a subroutine.
func (f *File) Call(name string) { f.I("CALL %s%s<>(SB)", name, f.Suffix()) }

// Words64 places 64-bit constants as Words does 32-bit ones.
func (f *File) Words64(name string, words ...uint64) string {
	halves := make([]uint32, 0, 2*len(words))
	for _, w := range words {
		halves = append(halves, uint32(w), uint32(w>>32))
	}
	return f.Words(name, halves...)
}
