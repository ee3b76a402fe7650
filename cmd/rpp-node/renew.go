package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"connectrpc.com/connect"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/node"
)

// renewBefore is how long before its end a person's certificate is renewed by whatever
// command is run: a third of the seven days that it lasts.
const renewBefore = identity.PersonLifetimeDefault / 3

// renewCmd renews a person's certificate. Nodes renew their own.
type renewCmd struct{ callFlags }

func (c *renewCmd) Help() string {
	return "Commands that call a cluster do so by themselves in the last third of a certificate's life; this is for those who\n" +
		"call seldom. One that has ended cannot be renewed: join again with a new token.\n\nExample:\n  rpp-node renew --as me"
}

// renewResult is what the command prints.
type renewResult struct {
	Identity string    `json:"identity"`
	NotAfter time.Time `json:"not_after"`
}

func (c *renewCmd) Run(e *env) error {
	return c.calling(func(ctx context.Context, to *node.Caller) error {
		i, err := renew(ctx, to, c.dir())
		if err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(e.out, renewResult{i.URI(), i.NotAfter})
		}
		_, err = fmt.Fprintf(e.out, "%s is good until %s\n", i.URI(), i.NotAfter.Format(time.RFC3339))
		return err
	})
}

// renew exchanges the certificate in a person's directory for one that lasts longer.
func renew(ctx context.Context, to *node.Caller, dir string) (identity.Identity, error) {
	d := identity.OpenDir(identity.OS, filepath.Join(dir, "identity"))
	old, err := d.Load(to.Membership.Cluster)
	if err != nil {
		return identity.Identity{}, err
	}
	csr, err := identity.NewCSR(old.Key())
	if err != nil {
		return identity.Identity{}, err
	}
	resp, err := to.Peer.Renew(ctx, connect.NewRequest(&internalv1.RenewRequest{Csr: csr}))
	if err != nil {
		return identity.Identity{}, err
	}
	chain, err := identity.ParseChain(resp.Msg.Chain)
	if err != nil {
		return identity.Identity{}, err
	}
	c, err := identity.NewCredential(to.Membership.Cluster, old.Key(), chain, old.Roots())
	if err != nil {
		return identity.Identity{}, err
	}
	return c.Identity(), d.Save(c)
}
