//go:build !amd64

package field

func (f *Field) binaryKernel(binaryOp, []Elem, []Elem, []Elem) bool { return false }

func (f *Field) scalarKernel(scalarOp, []Elem, []Elem, Elem) bool { return false }

func (f *Field) dotKernel([]Elem, []Elem) (Elem, bool) { return 0, false }
