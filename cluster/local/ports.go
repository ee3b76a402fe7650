package local

import (
	"encoding/json"
	"errors"
	"io/fs"
	"math/rand/v2"
	"net"
	"path/filepath"
	"strconv"

	"rpp-node/cluster/config"
	"rpp-node/cluster/identity"
)

func listen(address string) (net.Listener, error) { return net.Listen("tcp", address) }

// keepPorts gives a node ports that are free, and the same ones each time that it starts:
// the others know it by them.
func (c *Cluster) keepPorts(name string, k *config.Config) error {
	file := filepath.Join(c.opt.Dir, name+".ports")
	b, _, err := identity.OS.Read(file, 1<<10)
	if errors.Is(err, fs.ErrNotExist) {
		if k.Listen, err = freePorts(); err != nil {
			return err
		}
		if b, err = json.Marshal(k.Listen); err != nil {
			return err
		}
		return identity.OS.WriteAtomic(file, b, 0o600)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(b, &k.Listen)
}

// Ports are drawn from below the range that systems give to outgoing connections: one of
// those must not sit on a node's port while the node is down.
const (
	firstPort = 20000
	lastPort  = 32000
)

// freePorts finds three ports that nobody listens on now, one of them for UDP too.
func freePorts() (l config.Listen, err error) {
	for range 100 {
		at := firstPort + rand.IntN(lastPort-firstPort-3)
		if l, err = tryPorts(at); err == nil {
			return l, nil
		}
	}
	return l, err
}

func tryPorts(at int) (l config.Listen, err error) {
	for i, address := range []*string{&l.API, &l.Gossip, &l.HTTP} {
		*address = net.JoinHostPort("127.0.0.1", strconv.Itoa(at+i))
		t, err := net.Listen("tcp", *address)
		if err != nil {
			return l, err
		}
		defer t.Close()
	}
	u, err := net.ListenPacket("udp", l.Gossip)
	if err != nil {
		return l, err
	}
	return l, u.Close()
}
