package gossip

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ID is a node's id: the digest of its first public key.
type ID [32]byte

// Role is what a node is for.
type Role uint8

// The roles that gossip.
const (
	Voter  Role = 1
	Worker Role = 2
)

// DeviceKind is what kind of device the best one of a node is.
type DeviceKind uint8

// The kinds, better ones last.
const (
	NoDevice DeviceKind = iota
	Portable            // CPU without vector kernels
	AVX2
	AVX512
	OpenCL
	CUDA
)

// Health is how a node judges itself.
type Health uint8

// The levels.
const (
	Healthy Health = iota
	Degraded
	Unhealthy
)

// Meta is what every node knows of every other within seconds.
type Meta struct {
	ID         ID
	Role       Role
	Health     Health
	Draining   bool // takes no new work
	Leaving    bool // about to leave: set by Leave
	BestDevice DeviceKind
	Command    uint16 // newest version of commands that it can execute
	Devices    uint16
	Threads    uint16
	KeysReady  uint16
	KeysWanted uint16
	Weight     uint32 // its speed, as the scheduler counts it
	Load       uint32 // per mille
	KeyVersion uint64 // of the gossip key that it encrypts with
	APIAddress string
	Build      string
}

const (
	metaVersion    = 1
	metaFixedBytes = 1 + 32 + 5 + 5*2 + 2*4 + 8
	flagDraining   = 1
	flagLeaving    = 2
)

// ErrMeta is wrapped by every error about a Meta.
var ErrMeta = errors.New("gossip: bad meta")

func (m *Meta) check() error {
	switch {
	case m.Role != Voter && m.Role != Worker:
		return fmt.Errorf("%w: role %d", ErrMeta, m.Role)
	case m.Health > Unhealthy:
		return fmt.Errorf("%w: health %d", ErrMeta, m.Health)
	case m.BestDevice > CUDA:
		return fmt.Errorf("%w: device kind %d", ErrMeta, m.BestDevice)
	case (m.Devices == 0) != (m.BestDevice == NoDevice):
		return fmt.Errorf("%w: %d devices, the best of kind %d", ErrMeta, m.Devices, m.BestDevice)
	case !printable(m.APIAddress, addressBytesMax):
		return fmt.Errorf("%w: API address", ErrMeta)
	case !printable(m.Build, buildBytesMax):
		return fmt.Errorf("%w: build", ErrMeta)
	}
	return nil
}

// printable says whether a string is printable ASCII without spaces, and short enough.
func printable(s string, bytesMax int) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return len(s) <= bytesMax
}

// Encode writes the Meta, in at most MetaBytesMax bytes.
func (m *Meta) Encode() ([]byte, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	var flags byte
	if m.Draining {
		flags |= flagDraining
	}
	if m.Leaving {
		flags |= flagLeaving
	}
	le := binary.LittleEndian
	b := make([]byte, 0, metaFixedBytes+2+len(m.APIAddress)+len(m.Build))
	b = append(b, metaVersion)
	b = append(b, m.ID[:]...)
	b = append(b, byte(m.Role), byte(m.Health), flags, byte(m.BestDevice), 0)
	for _, v := range []uint16{m.Command, m.Devices, m.Threads, m.KeysReady, m.KeysWanted} {
		b = le.AppendUint16(b, v)
	}
	b = le.AppendUint32(b, m.Weight)
	b = le.AppendUint32(b, m.Load)
	b = le.AppendUint64(b, m.KeyVersion)
	for _, s := range []string{m.APIAddress, m.Build} {
		b = append(b, byte(len(s)))
		b = append(b, s...)
	}
	return b, nil
}

// DecodeMeta reads exactly what Encode writes.
func DecodeMeta(b []byte) (Meta, error) {
	var m Meta
	switch {
	case len(b) > MetaBytesMax:
		return Meta{}, fmt.Errorf("%w: %d bytes, at most %d", ErrMeta, len(b), MetaBytesMax)
	case len(b) == 0 || b[0] != metaVersion:
		return Meta{}, fmt.Errorf("%w: unknown version", ErrMeta)
	case len(b) < metaFixedBytes+2:
		return Meta{}, fmt.Errorf("%w: ends early", ErrMeta)
	}
	le := binary.LittleEndian
	copy(m.ID[:], b[1:])
	f := b[33:]
	if f[2]&^(flagDraining|flagLeaving) != 0 || f[4] != 0 {
		return Meta{}, fmt.Errorf("%w: reserved bits", ErrMeta)
	}
	m.Role, m.Health, m.BestDevice = Role(f[0]), Health(f[1]), DeviceKind(f[3])
	m.Draining, m.Leaving = f[2]&flagDraining != 0, f[2]&flagLeaving != 0
	for i, v := range []*uint16{&m.Command, &m.Devices, &m.Threads, &m.KeysReady, &m.KeysWanted} {
		*v = le.Uint16(f[5+2*i:])
	}
	m.Weight, m.Load, m.KeyVersion = le.Uint32(f[15:]), le.Uint32(f[19:]), le.Uint64(f[23:])
	rest := b[metaFixedBytes:]
	for _, s := range []*string{&m.APIAddress, &m.Build} {
		if len(rest) == 0 || len(rest) < 1+int(rest[0]) {
			return Meta{}, fmt.Errorf("%w: ends early", ErrMeta)
		}
		n := 1 + int(rest[0])
		*s, rest = string(rest[1:n]), rest[n:]
	}
	if len(rest) > 0 {
		return Meta{}, fmt.Errorf("%w: %d bytes too many", ErrMeta, len(rest))
	}
	return m, m.check()
}
