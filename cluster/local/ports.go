package local

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"path/filepath"

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

// freePorts finds three ports that nobody listens on now, one of them for UDP too.
func freePorts() (l config.Listen, err error) {
	for _, address := range []*string{&l.API, &l.Gossip, &l.HTTP} {
		t, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return l, err
		}
		defer t.Close()
		*address = t.Addr().String()
	}
	u, err := net.ListenPacket("udp", l.Gossip)
	if err != nil {
		return freePorts()
	}
	return l, u.Close()
}
