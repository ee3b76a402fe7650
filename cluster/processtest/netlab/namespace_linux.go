package netlab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// Host is a place where programs run: a network namespace with a loopback and one address
// on the lab's network.
type Host struct {
	name  string
	addr  netip.Addr
	index int
	tap   *os.File

	ns    *os.File // the namespace
	calls chan func()
	end   sync.Once
	quit  chan struct{} // closed to end the thread
	ended chan struct{} // closed when it has ended
}

// newHost makes a host. A thread of its own makes the namespace and stays in it: programs
// started from there are in the namespace too, and the kernel kills them when it ends.
func newHost(name string, index int, addr netip.Addr) (*Host, error) {
	h := &Host{name: name, addr: addr, index: index, calls: make(chan func()), quit: make(chan struct{}), ended: make(chan struct{})}
	made := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		defer close(h.ended)
		err := h.make()
		made <- err
		if err != nil {
			return
		}
		for {
			select {
			case f := <-h.calls:
				f()
			case <-h.quit:
				return
			}
		}
	}()
	if err := <-made; err != nil {
		h.closeFiles()
		return nil, fmt.Errorf("host %s: %w", name, err)
	}
	return h, nil
}

// make runs on the host's thread.
func (h *Host) make() (err error) {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("a network namespace: %w", err)
	}
	if h.ns, err = os.Open("/proc/thread-self/ns/net"); err != nil {
		return err
	}
	if h.tap, err = openTAP("eth0"); err != nil {
		return fmt.Errorf("a TAP: %w", err)
	}
	if err := bringUp("lo", netip.Prefix{}); err != nil {
		return err
	}
	return bringUp("eth0", netip.PrefixFrom(h.addr, 24))
}

// Name is the host's name, Addr its address.
func (h *Host) Name() string     { return h.name }
func (h *Host) Addr() netip.Addr { return h.addr }

// Address is a port of the host, as host:port.
func (h *Host) Address(port uint16) string { return netip.AddrPortFrom(h.addr, port).String() }

// Start starts a program on the host. When the lab closes, or this process ends in any
// way, the kernel kills it.
func (h *Host) Start(cmd *exec.Cmd) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &unix.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = unix.SIGKILL
	err := errors.New("the lab is closed")
	done := make(chan struct{})
	select {
	case h.calls <- func() { err = cmd.Start(); close(done) }:
		<-done
	case <-h.ended:
	}
	return err
}

// Dial connects to an address, as a program on the host would. The address must be
// numeric: names are not looked up.
func (h *Host) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	var conn net.Conn
	err := h.Do(func() (err error) {
		conn, err = (&net.Dialer{}).DialContext(ctx, network, address)
		return err
	})
	return conn, err
}

// Listen listens on an address, as a program on the host would.
func (h *Host) Listen(network, address string) (net.Listener, error) {
	var l net.Listener
	err := h.Do(func() (err error) {
		l, err = net.Listen(network, address)
		return err
	})
	return l, err
}

// Do runs f on a thread that is on the host: the sockets that f itself makes belong there,
// and stay there when it has returned.
func (h *Host) Do(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread is not used for anything else
		if err := unix.Setns(int(h.ns.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- err
			return
		}
		done <- f()
	}()
	return <-done
}

// close ends the host's thread, and with it the programs on the host.
func (h *Host) close() {
	h.end.Do(func() { close(h.quit) })
	<-h.ended
	h.closeFiles()
}

func (h *Host) closeFiles() {
	if h.tap != nil {
		h.tap.Close()
	}
	if h.ns != nil {
		h.ns.Close()
	}
}
