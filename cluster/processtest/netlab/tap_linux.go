package netlab

import (
	"fmt"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// openTAP makes a TAP device in the namespace of this thread: whoever holds the file is
// what the device's cable leads to.
func openTAP(name string) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	r, err := unix.NewIfreq(name)
	if err == nil {
		r.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, r)
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), "/dev/net/tun"), nil
}

// withSocket gives f a socket to make requests about devices with.
func withSocket(f func(fd int) error) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return f(fd)
}

// bringUp gives a device its address, if it gets one, and takes it into use.
func bringUp(device string, at netip.Prefix) error {
	return withSocket(func(fd int) error {
		set := func(request uint, fill func(*unix.Ifreq) error) error {
			r, err := unix.NewIfreq(device)
			if err == nil {
				err = fill(r)
			}
			if err == nil {
				err = unix.IoctlIfreq(fd, request, r)
			}
			if err != nil {
				return fmt.Errorf("device %s, request %#x: %w", device, request, err)
			}
			return nil
		}
		if at.IsValid() {
			mask := [4]byte{}
			for i := range at.Bits() {
				mask[i/8] |= 0x80 >> (i % 8)
			}
			address := at.Addr().As4()
			if err := set(unix.SIOCSIFADDR, func(r *unix.Ifreq) error { return r.SetInet4Addr(address[:]) }); err != nil {
				return err
			}
			if err := set(unix.SIOCSIFNETMASK, func(r *unix.Ifreq) error { return r.SetInet4Addr(mask[:]) }); err != nil {
				return err
			}
			if err := set(unix.SIOCSIFMTU, func(r *unix.Ifreq) error { r.SetUint32(mtu); return nil }); err != nil {
				return err
			}
		}
		return set(unix.SIOCSIFFLAGS, func(r *unix.Ifreq) error { r.SetUint16(unix.IFF_UP | unix.IFF_RUNNING); return nil })
	})
}
