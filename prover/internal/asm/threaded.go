package asm

import "fmt"

// Threaded code: an interpreter whose instructions are handlers that jump from one to the
// next, through a table of their addresses. The function that starts it has no frame, and
// the last handler returns to that function's caller.

// Handler begins a piece of code that is jumped to. It sees the stack of the function that
// started the interpreter, and must leave it as it is.
func (f *File) Handler(name string) {
	fmt.Fprintf(&f.text, "\nTEXT %s(SB), NOSPLIT|NOFRAME, $0-0\n", f.handler(name))
	f.labels++
	f.suffix = fmt.Sprintf("_%d", f.labels)
}

func (f *File) handler(name string) string { return name + f.ISA.Suffix() + "<>" }

// Handlers places the table of the named handlers' addresses, in this order, and returns
// its symbol.
func (f *File) Handlers(name string, handlers []string) string {
	sym := name + f.ISA.Suffix() + "<>"
	for i, h := range handlers {
		fmt.Fprintf(&f.data, "DATA %s+%d(SB)/8, $%s(SB)\n", sym, 8*i, f.handler(h))
	}
	fmt.Fprintf(&f.data, "GLOBL %s(SB), RODATA, $%d\n", sym, 8*len(handlers))
	return sym
}
