package api

import (
	"context"
	"crypto/x509"
	"errors"
	"log"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"connectrpc.com/connect"
	"connectrpc.com/grpchealth"

	"rpp-node/cluster/api/proto/rpp/internalv1/internalv1connect"
	"rpp-node/cluster/api/proto/rpp/v1/rppv1connect"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
)

// Observer is told how each request ended: the metrics.
type Observer interface {
	Requested(route, code string, took time.Duration)
}

// Config is what a Server needs. Everything but Observer is required.
type Config struct {
	// Role of this node: a worker sends callers to the leader, a voter passes them on.
	Role identity.Role

	// Families are the circuit families that requests may name.
	Families []string

	// Identity finds who is at the other end of a request's connection: the identity of
	// the certificate that the handshake verified, or the anonymous one.
	Identity func(context.Context) identity.Identity

	// Verify checks a chain that a voter has passed on as a handshake does: signatures up
	// to the cluster's roots, times, revocation.
	Verify func([]*x509.Certificate) (identity.Identity, error)

	// Leader is the API address of the leader, empty if none is known, and whether it is
	// this node.
	Leader func() (address string, local bool)

	// Transport reaches the leader, and only a voter, with this node's certificate.
	Transport http.RoundTripper

	Jobs    Jobs
	Cluster Cluster
	Keys    Keys
	Joiner  Joiner
	Peer    Peer
	Workers Workers

	// Health answers gRPC health checks.
	Health grpchealth.Checker

	// BodyBytes bounds the request bodies of clients in memory, 0 means 128 MiB.
	BodyBytes int64

	Log      *slog.Logger
	Observer Observer
}

// Server is the edge of one node. It is an http.Handler.
type Server struct {
	Config
	families  map[string]bool
	admission *admission
	mux       *http.ServeMux
	errors    *connect.ErrorWriter
	httpLog   *log.Logger
}

// New makes the edge of a node.
func New(c Config) (*Server, error) {
	if err := checkRoutes(); err != nil {
		return nil, err
	}
	if c.Identity == nil || c.Verify == nil || c.Leader == nil || c.Transport == nil || c.Log == nil || c.Health == nil ||
		c.Jobs == nil || c.Cluster == nil || c.Keys == nil || c.Joiner == nil || c.Peer == nil || c.Workers == nil {
		return nil, errors.New("api: the configuration is incomplete")
	}
	if c.BodyBytes == 0 {
		c.BodyBytes = largeBodyBytes
	}
	s := &Server{
		Config:    c,
		families:  map[string]bool{},
		admission: newAdmission(c.BodyBytes),
		mux:       http.NewServeMux(),
		httpLog:   slog.NewLogLogger(c.Log.Handler(), slog.LevelWarn),
	}
	for _, f := range c.Families {
		s.families[f] = true
	}
	handlers := append([]connect.HandlerOption{
		connect.WithConditionalHandlerOptions(options),
		connect.WithRecover(s.recovered),
		// Witnesses and proofs do not compress, and a body's size is what was counted.
		connect.WithCompression("gzip", nil, nil),
	}, jsonCodecs...)
	s.errors = connect.NewErrorWriter()
	all := connect.WithHandlerOptions(handlers...)
	s.mux.Handle(rppv1connect.NewJobServiceHandler(jobs{s}, all))
	s.mux.Handle(rppv1connect.NewClusterServiceHandler(cluster{s}, all))
	s.mux.Handle(rppv1connect.NewKeyServiceHandler(keys{s}, all))
	s.mux.Handle(internalv1connect.NewJoinServiceHandler(join{s}, all))
	s.mux.Handle(internalv1connect.NewPeerServiceHandler(peers{s}, all))
	s.mux.Handle(internalv1connect.NewWorkerServiceHandler(workers{s}, all))
	s.mux.Handle(grpchealth.NewHandler(c.Health, all))
	return s, nil
}

// BodyBytesHeld is how many bytes of request bodies are in memory.
func (s *Server) BodyBytesHeld() int64 { return s.admission.held() }

// recovered turns a panic of a backend into an error: one call fails, not the node.
func (s *Server) recovered(_ context.Context, spec connect.Spec, _ http.Header, panicked any) error {
	s.Log.Error("a call panicked", "route", spec.Procedure, "panic", panicked, "stack", string(debug.Stack()))
	return toWire(fault.New(fault.CodeInternal, "the node failed to answer"), "")
}

// toWire is the error that a call ends with. It logs what the caller is not told.
func (s *Server) toWire(ctx context.Context, err error) *connect.Error {
	if errors.Is(context.Cause(ctx), errExpired) {
		err = fault.New(fault.CodeUnauthenticated, "%w", errExpired)
	}
	address, _ := s.Leader()
	sent := toWire(err, address)
	c := callOf(ctx)
	if c.ended = sent.Meta().Get(headerCode); c.ended == "" {
		c.ended = sent.Code().String()
	}
	if sent.Code() == connect.CodeInternal {
		s.Log.Error("a call failed", "route", c.route.action, "err", err)
	}
	return sent
}
