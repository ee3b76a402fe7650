package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"rpp-node/cluster/config"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/node"
)

// initCmd founds a cluster.
type initCmd struct {
	nodeFlags
	Cluster    string   `help:"Identifier of the new cluster: lower-case letters, digits and hyphens." default:"rpp"`
	ChainID    *uint64  `name:"chain-id" help:"Chain that proofs are bound to; 0 is for development." placeholder:"0"`
	Floor      *float64 `name:"security-floor" help:"Proven bits below which a job is refused." placeholder:"100"`
	Passphrase string   `name:"passphrase-file" help:"File with the passphrase that seals the CA's root key; without it RPP_PASSPHRASE, or one is made and printed once." placeholder:"FILE"`
	JSON       bool     `help:"Print the result as JSON."`
}

func (c *initCmd) Help() string {
	return "Makes in DATA: config.toml, the cluster's CA and gossip key, the identity of the first voter, that of the\n" +
		"first operator (DATA/operator), and root.sealed, the CA's root key under a passphrase: keep both apart from\n" +
		"the node; they are needed only after every voter is lost.\n\n" +
		"config.toml has every key, with a comment: " + strings.Join(configKeys(), ", ") + ".\n\n" +
		"Examples:\n" +
		"  rpp-node init --data a --name a --listen 127.0.0.1:7400\n" +
		"  rpp-node init --data /var/lib/rpp --cluster prod --chain-id 7 --listen 0.0.0.0:7400 --advertise a.example.net"
}

// configKeys lists the keys of a configuration file.
func configKeys() (keys []string) {
	c := reflect.TypeFor[config.Config]()
	for i := range c.NumField() {
		section := c.Field(i)
		for j := range section.Type.NumField() {
			keys = append(keys, section.Tag.Get("toml")+"."+section.Type.Field(j).Tag.Get("toml"))
		}
	}
	return keys
}

// initResult is what the command prints.
type initResult struct {
	Cluster    string `json:"cluster"`
	Node       string `json:"node"`
	Data       string `json:"data"`
	Config     string `json:"config"`
	Operator   string `json:"operator"`
	Root       string `json:"sealed_root"`
	Passphrase string `json:"passphrase,omitempty"`
}

func (c *initCmd) Run(e *env) error {
	k, err := c.load()
	if err != nil {
		return err
	}
	if c.ChainID != nil {
		k.Cluster.ChainID = *c.ChainID
	}
	if c.Floor != nil {
		k.Cluster.SecurityFloor = *c.Floor
	}
	if err := k.Check(); err != nil {
		return err
	}
	if err := identity.CheckCluster(c.Cluster); err != nil {
		return usageError{fmt.Errorf("--cluster: %w", err)}
	}
	if err := notMember(k.Node.Data); err != nil {
		return err
	}
	passphrase, made, err := c.passphrase()
	if err != nil {
		return err
	}
	sealed, err := node.Found(node.Founding{
		Config: k, Cluster: c.Cluster, Passphrase: []byte(passphrase), Disk: identity.OS, Now: time.Now, Rand: rand.Reader,
	})
	if err != nil {
		return err
	}
	r := initResult{Cluster: c.Cluster, Node: k.Node.Name, Data: k.Node.Data, Operator: node.OperatorDir(k.Node.Data), Root: node.RootFile(k.Node.Data)}
	if err := identity.OS.WriteAtomic(r.Root, sealed, 0o600); err != nil {
		return err
	}
	if r.Config, err = c.keep(k); err != nil {
		return err
	}
	if made {
		r.Passphrase = passphrase
	}
	if c.JSON {
		return writeJSON(e.out, &r)
	}
	fmt.Fprintf(e.out, "founded cluster %s; its first voter is %s, its first operator is %s\n", r.Cluster, r.Node, r.Operator)
	if made {
		fmt.Fprintf(e.out, "passphrase of %s, shown only now: %s\n", r.Root, passphrase)
	}
	fmt.Fprintf(e.out, "next: rpp-node start --data %s\n", r.Data)
	return nil
}

// passphrase finds what seals the root, or makes it.
func (c *initCmd) passphrase() (text string, made bool, err error) {
	if c.Passphrase != "" {
		b, err := readFile(c.Passphrase, 1<<10)
		if err != nil {
			return "", false, fmt.Errorf("--passphrase-file: %w", err)
		}
		return strings.TrimRight(string(b), "\r\n"), false, nil
	}
	if text := os.Getenv("RPP_PASSPHRASE"); text != "" {
		return text, false, nil
	}
	b := make([]byte, 20)
	if _, err := rand.Read(b); err != nil {
		return "", false, err
	}
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b)), true, nil
}

// keep writes the configuration to the data directory, unless one is there or --config
// names one that lies elsewhere.
func (f *nodeFlags) keep(c config.Config) (file string, err error) {
	if f.Config != "" {
		return f.Config, nil
	}
	file = filepath.Join(c.Node.Data, configFile)
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return file, err
	}
	var b bytes.Buffer
	if err := c.Write(&b); err != nil {
		return "", err
	}
	return file, identity.OS.WriteAtomic(file, b.Bytes(), 0o600)
}

// notMember refuses a directory that belongs to a cluster already.
func notMember(data string) error {
	m, err := node.ReadMembership(identity.OS, data)
	switch {
	case err == nil:
		return usageError{fmt.Errorf("%s belongs to cluster %s already: name another directory with --data", data, m.Cluster)}
	case errors.Is(err, node.ErrNotMember):
		return nil
	}
	return err
}
