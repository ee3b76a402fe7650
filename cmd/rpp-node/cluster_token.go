package main

import (
	"context"
	"fmt"
	"path"
	"strings"
	"time"

	"connectrpc.com/connect"

	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/node"
)

// tokenCmd is about join tokens.
type tokenCmd struct {
	Create tokenCreateCmd `cmd:"" help:"Create a token that lets one node or person join, once."`
	List   tokenListCmd   `cmd:"" help:"List tokens; their secrets are not kept."`
	Revoke tokenRevokeCmd `cmd:"" help:"Make a token worthless."`
}

type tokenCreateCmd struct {
	callFlags
	Role   string        `arg:"" help:"voter, worker, validator, operator or auditor." enum:"voter,worker,validator,operator,auditor"`
	Tenant string        `help:"Of a validator: whose jobs it submits."`
	TTL    time.Duration `name:"ttl" help:"How long it is good for." default:"10m"`
}

func (c *tokenCreateCmd) Help() string {
	return "Prints the token alone, so that a script can take it.\n\n" +
		"Examples:\n" +
		"  rpp-node cluster token create voter --data a\n" +
		"  rpp-node cluster token create validator --tenant acme --ttl 1h --data a"
}

func (c *tokenCreateCmd) Run(e *env) error {
	return c.calling(func(ctx context.Context, to *node.Caller) error {
		resp, err := to.Cluster.CreateToken(ctx, connect.NewRequest(&rppv1.CreateTokenRequest{Role: c.Role, Tenant: c.Tenant, TtlMs: c.TTL.Milliseconds()}))
		if err != nil {
			return err
		}
		return c.show(e, resp.Msg, "%s", resp.Msg.Token)
	})
}

type tokenListCmd struct{ callFlags }

func (c *tokenListCmd) Help() string {
	return "Example:\n  rpp-node cluster token list --data a"
}

func (c *tokenListCmd) Run(e *env) error {
	return c.calling(func(ctx context.Context, to *node.Caller) error {
		resp, err := to.Cluster.ListTokens(ctx, connect.NewRequest(&rppv1.ListTokensRequest{}))
		if err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(e.out, plain(resp.Msg))
		}
		t := newTable(e.out, "TOKEN", "ROLE", "TENANT", "EXPIRES", "SPENT BY", "CREATED BY")
		for _, k := range resp.Msg.Tokens {
			t.row(k.Id, k.Role, k.Tenant, clock(k.ExpiresMs), fmt.Sprintf("%.16s", k.SpentBy), who(k.CreatedBy))
		}
		return t.flush()
	})
}

// who is the short form of a certificate's name: role and the beginning of the identifier.
func who(uri string) string {
	role, id := path.Split(strings.SplitN(uri, "?", 2)[0])
	return fmt.Sprintf("%s %.16s", path.Base(role), id)
}

type tokenRevokeCmd struct {
	callFlags
	ID string `arg:"" name:"id" help:"As 'token list' shows it."`
}

func (c *tokenRevokeCmd) Help() string {
	return "Example:\n  rpp-node cluster token revoke 5f0c3a0d9be24dc0b1f6f1c1f2a3b4c5 --data a"
}

func (c *tokenRevokeCmd) Run(e *env) error {
	return c.calling(func(ctx context.Context, to *node.Caller) error {
		resp, err := to.Cluster.RevokeToken(ctx, connect.NewRequest(&rppv1.RevokeTokenRequest{Id: c.ID}))
		if err != nil {
			return err
		}
		return c.show(e, resp.Msg, "token %s is worthless", c.ID)
	})
}
