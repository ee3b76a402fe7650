//go:build !amd64

package field

// variant has no values: there are no kernels.
type variant int

func (x *Ext) variant() (variant, int) { return 0, 0 }

func (variant) mul(*E, *E, *E, int, *extState) {}

func (variant) mulAdd(*E, *E, *E, int, *extState) {}

func (variant) mulBase(*E, *E, *Elem, int, *extState) {}

func (variant) affine(*E, *E, int, *extState) {}

func (variant) scaleAdd(*E, *E, int, *extState) {}

func (variant) poly(*E, *Elem, *Elem, int, *extState) {}

func (variant) fold(*E, *E, *Elem, int, *extState) {}
