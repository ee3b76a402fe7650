package node

import (
	"context"
	"crypto/x509"
	"net/http"
	"strings"

	"connectrpc.com/connect"
	"connectrpc.com/grpchealth"

	"rpp-node/cluster/api"
	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	"rpp-node/cluster/health"
	"rpp-node/cluster/identity"
	"rpp-node/cluster/transport"
)

// openAPI serves the contracts, and the pages, on the TLS port.
func (n *Node) openAPI() error {
	h := n.dialer.HTTPClient(transport.WantRole(identity.Voter))
	n.onClose("forwarding", func() error { h.CloseIdleConnections(); return nil })
	server, err := api.New(api.Config{
		Role: n.role, Families: families(), Identity: transport.PeerOf, Verify: n.verifier.Client,
		Leader: n.leaderAddress, Transport: h.Transport,
		Jobs: jobs{n}, Cluster: clusterService{n}, Keys: keyService{n}, Joiner: joiner{n}, Peer: peerService{n}, Workers: workers{n},
		Health: checker{n}, BodyBytes: int64(n.cfg.Config.Limits.Bodies), Log: n.log, Observer: n.metrics,
	})
	if err != nil {
		return err
	}
	pages := health.Handler(n.sources(), health.ByRights(transport.PeerOf))
	both := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, p := range []string{"/status/", "/health", "/metrics"} {
			if strings.HasPrefix(r.URL.Path, p) {
				pages.ServeHTTP(w, r)
				return
			}
		}
		server.ServeHTTP(w, r)
	})
	n.serve("api", transport.NewServer(both, n.log), n.listener.HTTP())
	return nil
}

// leaderAddress is where the leader's API is, and whether it is this node's.
func (n *Node) leaderAddress() (string, bool) {
	if n.Leading() {
		return n.APIAddress(), true
	}
	if n.raft != nil {
		_, address := n.raft.Leader()
		if address == n.APIAddress() { // elected, and not caught up yet
			return "", false
		}
		return address, false
	}
	if t := n.known.Load(); t != nil && len(t.voters) > 0 {
		return t.voters[0].ApiAddress, false
	}
	return "", false
}

// checker answers gRPC health checks.
type checker struct{ n *Node }

func (c checker) Check(context.Context, *grpchealth.CheckRequest) (*grpchealth.CheckResponse, error) {
	if len(facts(c).Ready()) > 0 {
		return &grpchealth.CheckResponse{Status: grpchealth.StatusNotServing}, nil
	}
	return &grpchealth.CheckResponse{Status: grpchealth.StatusServing}, nil
}

// renewer gets certificates: a voter issues its own, a worker asks a voter.
type renewer struct{ n *Node }

func (r renewer) Renew(ctx context.Context, csr []byte) ([]*x509.Certificate, error) {
	if r.n.issuer != nil {
		return r.n.issuer.Issue(csr, identity.Grant{Role: r.n.role})
	}
	resp, err := r.n.cluster.Peer.Renew(ctx, connect.NewRequest(&internalv1.RenewRequest{Csr: csr}))
	if err != nil {
		return nil, api.FromError(err)
	}
	return identity.ParseChain(resp.Msg.Chain)
}
