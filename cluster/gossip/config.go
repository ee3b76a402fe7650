package gossip

import (
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/hashicorp/memberlist"
)

// Config says how to take part. Zero durations mean the defaults.
type Config struct {
	ID      ID
	Name    string // unique in the cluster; empty: the id in hex
	Cluster string // the cluster's id, required: packets of another are ignored
	Keys    [][]byte
	Meta    Meta // the first one; its ID is set by Open

	// Transport is memberlist's; Open takes it over. Nil means UDP and TCP on Bind
	// ("ip:port"), reached by the others at Advertise (empty: Bind).
	Transport    memberlist.Transport
	Bind         string
	Advertise    string
	CIDRsAllowed []netip.Prefix // empty: all

	Seeds []string // "host:port", asked again whenever this node sees nobody else

	ProbeInterval    time.Duration // 700 ms between probes of one member each
	ProbeTimeout     time.Duration // 300 ms until others are asked to probe
	PushPullInterval time.Duration // 5 s between exchanges with one member each
	StaleAfter       time.Duration // 60 s without a newer status

	Log *slog.Logger
	Now func() time.Time // for what is recorded; nil: time.Now
}

func orElse[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

func (c *Config) fill() error {
	orElse(&c.Name, hex.EncodeToString(c.ID[:]))
	orElse(&c.ProbeInterval, 700*time.Millisecond)
	orElse(&c.ProbeTimeout, 300*time.Millisecond)
	orElse(&c.PushPullInterval, 5*time.Second)
	orElse(&c.StaleAfter, time.Minute)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Meta.ID = c.ID
	switch {
	case c.Cluster == "" || !printable(c.Cluster, NameBytesMax):
		return fmt.Errorf("gossip: cluster: 1 to %d printable bytes", NameBytesMax)
	case !printable(c.Name, NameBytesMax):
		return fmt.Errorf("gossip: name: at most %d printable bytes", NameBytesMax)
	case c.Transport == nil && c.Bind == "":
		return errors.New("gossip: neither a transport nor an address to bind to")
	case c.ProbeTimeout > c.ProbeInterval:
		return errors.New("gossip: the probe timeout exceeds the probe interval")
	}
	return nil
}

// library configures memberlist. A member that dies is seen by all within a probe round of
// everybody, at most 1.4 s after the first probe, and four to eight probe intervals of
// suspicion, in which it may protest: below 10 s. A probe that gets no answer in time is
// repeated by three others and over a stream.
func (c *Config) library(d *delegate, k *Keyring, t memberlist.Transport) (*memberlist.Config, error) {
	m := memberlist.DefaultLANConfig()
	m.Name = c.Name
	m.Label = c.Cluster
	m.Transport = t
	m.Keyring = k.ring
	m.GossipVerifyIncoming = true
	m.GossipVerifyOutgoing = true
	m.EnableCompression = false // nothing that expands is made, and there is little to save
	m.Delegate, m.Events, m.Alive, m.Ping = d, d, d, d
	m.Logger = newLogger(c.Log)
	m.TCPTimeout = 3 * time.Second
	m.ProbeInterval = c.ProbeInterval
	m.ProbeTimeout = c.ProbeTimeout
	m.SuspicionMult = 4
	m.SuspicionMaxTimeoutMult = 2
	m.AwarenessMaxMultiplier = 4 // how much a node with troubles of its own slows its probes
	m.PushPullInterval = c.PushPullInterval
	m.DeadNodeReclaimTime = c.ProbeInterval // a node that comes back elsewhere
	m.MsgpackUseNewTimeFormat = true
	for _, p := range c.CIDRsAllowed {
		m.CIDRsAllowed = append(m.CIDRsAllowed, net.IPNet{
			IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen()),
		})
	}
	if c.Advertise != "" {
		host, port, err := splitAddress(c.Advertise)
		if err != nil {
			return nil, err
		}
		m.AdvertiseAddr, m.AdvertisePort = host, port
	}
	return m, nil
}

func splitAddress(s string) (host string, port int, err error) {
	host, p, err := net.SplitHostPort(s)
	if err != nil {
		return "", 0, err
	}
	port, err = strconv.Atoi(p)
	if err != nil || port < 0 || port > 65535 {
		return "", 0, fmt.Errorf("gossip: address %q: bad port", s)
	}
	return host, port, nil
}

// network is the transport over real sockets.
func (c *Config) network() (memberlist.Transport, error) {
	host, port, err := splitAddress(c.Bind)
	if err != nil {
		return nil, err
	}
	return memberlist.NewNetTransport(&memberlist.NetTransportConfig{
		BindAddrs: []string{host}, BindPort: port, Logger: newLogger(c.Log),
	})
}
