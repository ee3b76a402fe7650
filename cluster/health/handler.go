package health

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
)

// Node is what a node knows about itself. Its methods return at once.
type Node interface {
	Facts() NodeFacts
	Backend() BackendFacts

	// Ready lists what keeps the node from serving, nothing if it serves.
	Ready() []string

	// Findings lists what else is not as it should be.
	Findings() []Finding
}

// Cluster is what a node knows about the cluster, from gossip and the replicated state. The
// answer is the page's to change.
type Cluster interface {
	ClusterStatus(ctx context.Context) (*rppv1.StatusResponse, error)
}

// Authorise decides whether a caller may see a page; with a scope short of All, what
// names jobs is left out. Errors are *fault.Error.
type Authorise func(r *http.Request, action identity.Action) (identity.Scope, error)

// ByRights asks the table of rights about whoever peer says is calling: for the port that
// other machines reach.
func ByRights(peer func(context.Context) identity.Identity) Authorise {
	return func(r *http.Request, action identity.Action) (identity.Scope, error) {
		id := peer(r.Context())
		scope := identity.ScopeOf(id.Role, action)
		if scope == identity.None {
			return scope, identity.Allow(id, action, "")
		}
		return scope, nil
	}
}

// Loopback lets everyone see everything: for a listener that only this machine reaches.
func Loopback(*http.Request, identity.Action) (identity.Scope, error) { return identity.All, nil }

// Sources are what the pages are made from.
type Sources struct {
	Now     func() time.Time
	Tracker *Tracker
	Node    Node
	Cluster Cluster
	Metrics prometheus.Gatherer
}

// Handler serves the pages.
func Handler(s Sources, authorise Authorise) http.Handler {
	p := pages{Sources: s, authorise: authorise}
	metrics := promhttp.HandlerFor(s.Metrics, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: statusTimeout})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status/node", p.page(identity.HTTPStatusNode, p.node))
	mux.HandleFunc("GET /status/cluster", p.page(identity.HTTPStatusCluster, p.cluster))
	mux.HandleFunc("GET /health", p.page(identity.HTTPHealth, p.health))
	mux.HandleFunc("GET /health/live", p.page(identity.HTTPHealth, p.live))
	mux.HandleFunc("GET /health/ready", p.page(identity.HTTPHealth, p.ready))
	mux.HandleFunc("GET /metrics", p.page(identity.HTTPMetrics, func(w http.ResponseWriter, r *http.Request, _ identity.Scope) {
		metrics.ServeHTTP(w, r)
	}))
	return mux
}

type pages struct {
	Sources
	authorise Authorise
}

// page asks whether the caller may see it, then shows it.
func (p pages) page(action identity.Action, show func(http.ResponseWriter, *http.Request, identity.Scope)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		scope, err := p.authorise(r, action)
		if err != nil {
			refuse(w, err)
			return
		}
		// A reader that stands still must not keep the connection. Where there is none, as
		// in tests, there is nothing to bound.
		http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout))
		show(w, r, scope)
	}
}

func (p pages) node(w http.ResponseWriter, _ *http.Request, scope identity.Scope) {
	facts := p.Node.Facts()
	facts.Devices = append([]Device{}, facts.Devices...)
	if scope != identity.All {
		for i := range facts.Devices {
			facts.Devices[i].Running = ""
		}
	}
	write(w, http.StatusOK, NodeStatus{
		Node:    facts,
		Backend: map[string]Backend{backendName: p.Tracker.report(p.Node.Backend())},
		Health:  p.judge(), Now: p.Now().UnixMilli(),
	})
}

func (p pages) cluster(w http.ResponseWriter, r *http.Request, scope identity.Scope) {
	ctx, cancel := context.WithTimeout(r.Context(), statusTimeout)
	defer cancel()
	answer, err := p.Cluster.ClusterStatus(ctx)
	if err != nil {
		refuse(w, err)
		return
	}
	Assess(answer, p.Now())
	status, err := newClusterStatus(answer, scope == identity.All)
	if err != nil {
		refuse(w, err)
		return
	}
	write(w, http.StatusOK, status)
}

func (p pages) health(w http.ResponseWriter, _ *http.Request, _ identity.Scope) {
	h := p.judge()
	status := http.StatusOK
	if h.Level == Unhealthy {
		status = http.StatusServiceUnavailable
	}
	write(w, status, h)
}

// judge is the level of this node: unready is unhealthy, a broken budget degraded.
func (p pages) judge() Health {
	var findings []Finding
	for _, reason := range p.Node.Ready() {
		findings = append(findings, Finding{Unhealthy, reason})
	}
	findings = append(findings, p.Node.Findings()...)
	level, reasons := worst(append(findings, p.Tracker.findings()...))
	return Health{Level: level, Reasons: reasons}
}

// live answers as long as the process can.
func (p pages) live(w http.ResponseWriter, _ *http.Request, _ identity.Scope) {
	write(w, http.StatusOK, struct {
		Live bool `json:"live"`
	}{true})
}

func (p pages) ready(w http.ResponseWriter, _ *http.Request, _ identity.Scope) {
	reasons := p.Node.Ready()
	status := http.StatusOK
	if len(reasons) > 0 {
		status = http.StatusServiceUnavailable
	}
	write(w, status, struct {
		Ready   bool     `json:"ready"`
		Reasons []string `json:"reasons"`
	}{len(reasons) == 0, list(reasons)})
}

// refuse answers with an error that people and programs can read.
func refuse(w http.ResponseWriter, err error) {
	e := fault.Of(err)
	status := http.StatusInternalServerError
	switch e.Kind {
	case fault.Unauthenticated:
		status = http.StatusUnauthorized
	case fault.Denied:
		status = http.StatusForbidden
	case fault.Unavailable:
		status = http.StatusServiceUnavailable
	}
	write(w, status, struct {
		Code    fault.Code `json:"code"`
		Message string     `json:"message"`
		Remedy  string     `json:"remedy"`
	}{e.Code, e.Message, e.Remedy})
}

func write(w http.ResponseWriter, status int, page any) {
	text, err := json.MarshalIndent(page, "", "  ")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(append(text, '\n'))
}
