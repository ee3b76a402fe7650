package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"rpp-node/cluster/config"
)

// configFile is the configuration in a data directory.
const configFile = "config.toml"

// portsBehind is how many ports follow the one of --listen.
const portsBehind = 2

// nodeFlags say which node a command is about: a configuration, and what the command line
// puts over it.
type nodeFlags struct {
	Data      string `help:"Data directory (rpp-node if nothing names one)." env:"RPP_DATA" placeholder:"DIR"`
	Config    string `help:"Configuration file; without it DATA/config.toml if it is there, else the defaults (docs/configuration.md)." env:"RPP_CONFIG" placeholder:"FILE"`
	Name      string `help:"The node's name; the host's if nothing gives one."`
	Listen    string `help:"Address of the API; gossip has the port after it, local status pages the one after that." placeholder:"HOST:PORT"`
	Advertise string `help:"Host that others dial, if it is not the one listened on." placeholder:"HOST"`
}

// load reads the configuration and puts the flags over it.
func (f *nodeFlags) load() (config.Config, error) {
	c, err := f.read()
	if err != nil {
		return c, err
	}
	if f.Data != "" {
		c.Node.Data = f.Data
	}
	if f.Name != "" {
		c.Node.Name = f.Name
	}
	if c.Node.Name == "" {
		c.Node.Name = hostName()
	}
	if f.Listen != "" {
		if err := listenOn(&c.Listen, f.Listen); err != nil {
			return c, err
		}
	}
	if f.Advertise != "" {
		c.Listen.AdvertiseAPI = withHost(c.Listen.API, f.Advertise)
		c.Listen.AdvertiseGossip = withHost(c.Listen.Gossip, f.Advertise)
	}
	return c, c.Check()
}

// read reads the configuration file.
func (f *nodeFlags) read() (config.Config, error) {
	file := f.Config
	if file == "" {
		file = f.ownFile()
	}
	r, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) && f.Config == "" {
		return config.Default(), nil
	}
	if err != nil {
		return config.Config{}, usageError{fmt.Errorf("--config: %w", err)}
	}
	defer r.Close()
	c, err := config.Read(r)
	if err != nil {
		return c, fmt.Errorf("%s: %w", file, err)
	}
	return c, nil
}

// ownFile is where the data directory has its configuration.
func (f *nodeFlags) ownFile() string {
	data := f.Data
	if data == "" {
		data = config.Default().Node.Data
	}
	return filepath.Join(data, configFile)
}

// hostName is the host's name in the form that nodes' names have, or "node".
func hostName() string {
	name, _ := os.Hostname()
	name, _, _ = strings.Cut(strings.ToLower(name), ".")
	if !config.Name.MatchString(name) {
		return "node"
	}
	return name
}

// listenOn sets the three addresses that follow from one.
func listenOn(l *config.Listen, address string) error {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return usageError{fmt.Errorf("--listen: %q: want host:port", address)}
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 || port > 65535-portsBehind {
		return usageError{fmt.Errorf("--listen: port %q: want 1 to %d, for the two after it are used as well", text, 65535-portsBehind)}
	}
	at := func(host string, port uint64) string { return net.JoinHostPort(host, strconv.FormatUint(port, 10)) }
	pages := "127.0.0.1" // plain HTTP never leaves the machine
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		pages = host
	}
	l.API, l.Gossip, l.HTTP = at(host, port), at(host, port+1), at(pages, port+2)
	return nil
}

// withHost is an address at another host.
func withHost(address, host string) string {
	_, port, _ := net.SplitHostPort(address)
	return net.JoinHostPort(host, port)
}

// advertised is where others reach an address of this node.
func advertised(listen, advertise string) string {
	if advertise != "" {
		return advertise
	}
	return listen
}
