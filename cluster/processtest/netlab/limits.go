//go:build linux

package netlab

const (
	// hostsMax is what one /24 has room for.
	hostsMax = 250
	// mtu is that of large local networks; a proof is then some fifty frames.
	mtu = 9000
	// frameBytes holds a frame: its header, perhaps with a tag, and what it carries.
	frameBytes = mtu + 18
	// inFlightMax bounds the frames that a pair of hosts has under way; more are lost, as
	// in a queue that is full.
	inFlightMax = 4096
)
