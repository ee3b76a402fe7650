//go:build !amd64

package packet

import (
	"rpp-node/prover/field"
	"rpp-node/prover/kernels"
)

func lanes(kernels.Set) int { return portableLanes }

func (m *Machine) run(s int) { m.runPortable(s) }

func (m *Machine) fold(d int, offsets []uint32, coefs []field.Elem) {
	m.foldPortable(d, offsets, coefs)
}
