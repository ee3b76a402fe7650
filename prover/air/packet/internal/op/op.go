package op

// Op is an operation, without flags.
type Op uint32

// The operations.
const (
	End           Op = iota // leave the interpreter
	Load                    // registers dst … of 16 columns: a is source and count (LoadArg), b the first column's offset in a row
	Broadcast               // scalar b
	Neg                     // -a
	Double                  // 2a
	Square                  // a²
	Cube                    // a³
	CubeSum                 // (a + scalar b)³
	AddScalar               // a + scalar b
	SubFromScalar           // scalar b - a
	MulScalar               // a · scalar b
	Add                     // a + b
	Sub                     // a - b
	Mul                     // a · b
	Count
)

// Flags of an instruction, added to its operation.
const (
	AccA  = 0x10 // operand a is the accumulator
	AccB  = 0x20 // operand b is; Sub only, since the others commute
	Store = 0x40 // the result is also written to dst

	Codes = 0x80 // operations with all flags are below
)

// Group is the number of columns that a Load takes: a vector of the widest kernels.
const Group = 16

// Of splits an instruction's first word.
func Of(code uint32) (o Op, flags uint32) { return Op(code & 0xf), code &^ 0xf }

// Shape says which operands an operation reads: registers a and b, or a scalar.
func (o Op) Shape() (a, b, scalar bool) {
	switch o {
	case Broadcast:
		return false, false, true
	case Neg, Double, Square, Cube:
		return true, false, false
	case CubeSum, AddScalar, SubFromScalar, MulScalar:
		return true, false, true
	case Add, Sub, Mul:
		return true, true, false
	}
	return false, false, false
}
