package node

import (
	"context"
	"time"

	"rpp-node/cluster/api"
	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/config"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/cluster/identity"
)

func (c clusterService) CreateToken(ctx context.Context, caller api.Caller, req *rppv1.CreateTokenRequest) (*rppv1.CreateTokenResponse, error) {
	n := c.n
	role, err := identity.ParseRole(req.Role)
	if err != nil {
		return nil, fault.New(fault.CodeField, "role: %w", err)
	}
	if (role == identity.Validator) != (req.Tenant != "") {
		return nil, fault.New(fault.CodeField, "tenant: needed for validators, and for nobody else")
	}
	ttl := time.Duration(req.TtlMs) * time.Millisecond
	if ttl == 0 {
		ttl = tokenLifetime
	}
	if ttl < 0 || ttl > tokenLifetimeMax {
		return nil, fault.New(fault.CodeField, "ttl_ms: %s, at most %s", ttl, tokenLifetimeMax)
	}
	if role == identity.Voter && n.issuer == nil {
		return nil, fault.New(fault.CodeIssuer, "this node has no issuer to let a voter in")
	}
	expires := n.cfg.Now().Add(ttl)
	t, err := identity.NewToken(n.member.Cluster, role, identity.RootDigest(n.keeper.Current().Roots()[0]), expires, seedsOf(n.voterAddresses()), n.cfg.Rand)
	if err != nil {
		return nil, err
	}
	_, err = n.propose(ctx, caller, &fsm.CreateToken{
		ID: t.ID.String(), SecretHash: t.SecretHash(), Role: fsm.Role(role), Tenant: req.Tenant, ExpiresMS: expires.UnixMilli(),
	})
	if err != nil {
		return nil, err
	}
	n.record(caller, "token.create", t.ID.String(), "role", req.Role, "tenant", req.Tenant)
	return &rppv1.CreateTokenResponse{Token: t.Text(), Id: t.ID.String(), ExpiresMs: expires.UnixMilli()}, nil
}

// seedsOf bounds the addresses in a token.
func seedsOf(list []string) []string { return list[:min(len(list), tokenSeeds)] }

func (c clusterService) ListTokens(ctx context.Context, _ api.Caller, _ *rppv1.ListTokensRequest) (*rppv1.ListTokensResponse, error) {
	if err := c.n.linearize(ctx); err != nil {
		return nil, err
	}
	resp := &rppv1.ListTokensResponse{}
	c.n.machine.View(func(s *fsm.State) {
		for _, t := range s.Tokens() {
			m := &rppv1.Token{Id: t.ID, Role: t.Role.String(), Tenant: t.Tenant, ExpiresMs: t.ExpiresMS, CreatedBy: t.CreatedBy}
			if t.Spent {
				m.SpentBy = t.SpentBy.String()
			}
			resp.Tokens = append(resp.Tokens, m)
		}
	})
	return resp, nil
}

func (c clusterService) RevokeToken(ctx context.Context, caller api.Caller, req *rppv1.RevokeTokenRequest) (*rppv1.RevokeTokenResponse, error) {
	if _, err := c.n.propose(ctx, caller, &fsm.RevokeToken{ID: req.Id}); err != nil {
		return nil, err
	}
	c.n.record(caller, "token.revoke", req.Id)
	return &rppv1.RevokeTokenResponse{}, nil
}

// joiner is JoinService.
type joiner struct{ n *Node }

// Join lets a newcomer in whose token is the first to be spent. Each step can be taken
// again by the same newcomer, so that a join that broke off is repeated, not lost.
func (j joiner) Join(ctx context.Context, _ api.Caller, req *internalv1.JoinRequest) (*internalv1.JoinResponse, error) {
	n := j.n
	if n.issuer == nil {
		return nil, fault.New(fault.CodeIssuer, "node %s issues no certificates", n.member.Name)
	}
	t, err := identity.ParseToken(req.Token)
	if err != nil {
		return nil, err
	}
	if t.Cluster != n.member.Cluster {
		return nil, fault.New(fault.CodeWrongCluster, "the token is for cluster %q, this is %q", t.Cluster, n.member.Cluster)
	}
	key, spki, err := csrKey(req.Csr)
	if err != nil {
		return nil, err
	}
	id := fsm.NodeID(identity.NodeIDOf(key))
	who := "rpp://" + n.member.Cluster + "/newcomer/" + id.String()
	if err := n.checkNewcomer(n.roleOf(t), id, req); err != nil {
		return nil, err
	}
	spent, err := n.proposeAs(ctx, who, &fsm.SpendToken{ID: t.ID.String(), SecretHash: t.SecretHash(), Node: id})
	if err != nil {
		return nil, err
	}
	role := identity.Role(spent.Token.Role)
	if role != t.Role { // what was checked above was another role's
		return nil, fault.New(fault.CodeToken, "the token's text names role %s, it was made for another", t.Role)
	}
	name := req.Name
	if !role.Node() {
		name = personName(role, id)
	}
	if _, err := n.proposeAs(ctx, who, &fsm.PutMember{
		NodeID: id, Name: name, Role: fsm.Role(role), Tenant: spent.Token.Tenant, PublicKey: spki,
		APIAddress: req.ApiAddress, GossipAddress: req.GossipAddress, Version: req.Version,
	}); err != nil {
		return nil, err
	}
	resp, err := n.welcome(role, spent.Token.Tenant, id, req)
	if err == nil {
		n.recordAs(who, "node.join", name, "role", role.String(), "token", t.ID.String())
	}
	return resp, err
}

// roleOf is the role that the cluster knows a token for: what the token's text says is the
// newcomer's word. Of a token that the cluster does not know the text will do, since
// nothing comes of it.
func (n *Node) roleOf(t identity.Token) (role identity.Role) {
	role = t.Role
	n.machine.View(func(s *fsm.State) {
		for _, known := range s.Tokens() {
			if known.ID == t.ID.String() {
				role = identity.Role(known.Role)
			}
		}
	})
	return role
}

// checkNewcomer refuses a node that could not be a member, before its token is spent.
func (n *Node) checkNewcomer(role identity.Role, id fsm.NodeID, req *internalv1.JoinRequest) error {
	if !role.Node() {
		return nil
	}
	if !config.Name.MatchString(req.Name) {
		return fault.New(fault.CodeField, "name: %q, want lower-case letters, digits and dashes, at most 32", req.Name)
	}
	if req.ApiAddress == "" {
		return fault.New(fault.CodeField, "api_address: empty; others must reach a node")
	}
	if role == identity.Voter && len(req.IssuerCsr) == 0 {
		return fault.New(fault.CodeField, "issuer_csr: empty; a voter issues certificates")
	}
	// The founder has its name even before the state machine knows.
	taken, gone := req.Name == n.member.Name && id != n.id, false
	n.machine.View(func(s *fsm.State) {
		for _, m := range s.Members() {
			taken = taken || m.Name == req.Name && m.ID != id
		}
		gone = s.Revoked(id)
	})
	switch {
	case gone:
		return fault.New(fault.CodeRevoked, "node %s was removed", id)
	case taken:
		return fault.New(fault.CodeField, "name: %q is another node's; choose another with --name, or remove that node first", req.Name)
	}
	return nil
}

// welcome issues what the newcomer needs.
func (n *Node) welcome(role identity.Role, tenant string, id fsm.NodeID, req *internalv1.JoinRequest) (*internalv1.JoinResponse, error) {
	chain, err := n.issuer.Issue(req.Csr, identity.Grant{Role: role, Tenant: tenant})
	if err != nil {
		return nil, err
	}
	resp := &internalv1.JoinResponse{
		Chain: identity.EncodeChain(chain), Roots: identity.EncodeChain(n.keeper.Current().Roots()),
		Cluster: n.member.Cluster, ChainId: n.member.ChainID, SecurityFloor: n.member.SecurityFloor, Voters: seedsOf(n.voterAddresses()),
	}
	if !role.Node() {
		return resp, nil
	}
	g, err := readGossipKeys(n.cfg.Disk, n.dir)
	if err != nil {
		return nil, err
	}
	resp.GossipKeys, resp.GossipVersion = g.keys, g.version
	for _, m := range n.gossip.Members() {
		if m.Liveness == "alive" && len(resp.Seeds) < tokenSeeds {
			resp.Seeds = append(resp.Seeds, m.Address)
		}
	}
	if role != identity.Voter {
		return resp, nil
	}
	issuer, err := n.issuer.IssueIssuer(req.IssuerCsr, identity.NodeID(id))
	if err != nil {
		return nil, err
	}
	resp.IssuerChain = identity.EncodeChain(issuer)
	return resp, nil
}
