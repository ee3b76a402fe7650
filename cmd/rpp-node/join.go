package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"rpp-node/cluster/config"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/node"
	"rpp-node/cluster/transport"
)

// joinTimeout bounds the asking for a certificate.
const joinTimeout = 60 * time.Second

// joinCmd joins a cluster.
type joinCmd struct {
	nodeFlags
	Token string `arg:"" help:"Token of 'rpp-node cluster token create'; - reads it from standard input."`
	JSON  bool   `help:"Print the result as JSON."`
}

func (c *joinCmd) Help() string {
	return "The token says which cluster, and in which role. A node (voter, worker) gets a data directory that 'start' or\n" +
		"'worker' runs from; a person (validator, operator, auditor) gets a directory for --as.\n\n" +
		"Examples:\n" +
		"  rpp-node join \"$TOKEN\" --data b --name b --listen 127.0.0.1:7410\n" +
		"  rpp-node join - --data me < token"
}

// joinResult is what the command prints.
type joinResult struct {
	Cluster string `json:"cluster"`
	Role    string `json:"role"`
	Name    string `json:"name"`
	ChainID uint64 `json:"chain_id"`
	Data    string `json:"data"`
}

func (c *joinCmd) Run(e *env) error {
	if c.Token == "-" {
		b, err := io.ReadAll(io.LimitReader(os.Stdin, identity.MaxTokenBytes+2))
		if err != nil {
			return err
		}
		c.Token = strings.TrimSpace(string(b))
	}
	t, err := identity.ParseToken(c.Token)
	if err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	var m *node.Membership
	var data, next string
	if t.Role.Node() {
		k, err := c.load()
		if err != nil {
			return err
		}
		data = k.Node.Data
		if m, err = c.joinNode(ctx, t, k); err != nil {
			return err
		}
		next = fmt.Sprintf("rpp-node %s --data %s", commandOf(t.Role), data)
	} else {
		if data = c.Data; data == "" {
			data = t.Role.String()
		}
		if m, err = join(ctx, t, node.Joining{Data: data}); err != nil {
			return err
		}
		next = "rpp-node cluster status --as " + data
	}
	if c.JSON {
		return writeJSON(e.out, &joinResult{Cluster: m.Cluster, Role: m.Role, Name: m.Name, ChainID: m.ChainID, Data: data})
	}
	fmt.Fprintf(e.out, "joined cluster %s as a %s; the identity is in %s\nnext: %s\n", m.Cluster, m.Role, data, next)
	return nil
}

// commandOf is the command that runs a node of a role.
func commandOf(r identity.Role) string {
	if r == identity.Worker {
		return "worker"
	}
	return "start"
}

// joinNode spends a token for a node and keeps its configuration.
func (f *nodeFlags) joinNode(ctx context.Context, t identity.Token, k config.Config) (*node.Membership, error) {
	m, err := join(ctx, t, node.Joining{
		Data: k.Node.Data, Name: k.Node.Name,
		APIAddress: advertised(k.Listen.API, k.Listen.AdvertiseAPI), GossipAddress: advertised(k.Listen.Gossip, k.Listen.AdvertiseGossip),
	})
	if err != nil {
		return nil, err
	}
	_, err = f.keep(k)
	return m, err
}

// join spends a token.
func join(ctx context.Context, t identity.Token, j node.Joining) (*node.Membership, error) {
	if err := notMember(j.Data); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	j.Token, j.Version, j.Disk, j.Now, j.Rand, j.Dial = t, version, identity.OS, time.Now, rand.Reader, transport.TCP
	return node.Join(ctx, j)
}
