package api

import (
	"crypto/x509"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"

	"connectrpc.com/connect"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
)

// Headers of a call that a voter passes on. From anybody else they are refused, not
// ignored: whoever sends them tries something.
const (
	headerForwarded = "Rpp-Forwarded"    // always "1": a second hop is refused
	headerChain     = "Rpp-Caller-Chain" // base64 of DER certificates, leaf first
	headerOrigin    = "Rpp-Caller-Origin"
)

const forwardedOnce = "1"

// encodeChain writes the certificates that a caller showed. The root is the receiver's own.
func encodeChain(chain []*x509.Certificate) string {
	var der []byte
	for _, c := range chain {
		der = append(der, c.Raw...)
	}
	return base64.StdEncoding.EncodeToString(der)
}

// decodeChain reads what encodeChain wrote. It says nothing about who signed it.
func decodeChain(header string) ([]*x509.Certificate, error) {
	if len(header) > base64.StdEncoding.EncodedLen(forwardedBytesMax) {
		return nil, fault.New(fault.CodeUnauthenticated, "%s is longer than %d bytes", headerChain, forwardedBytesMax)
	}
	der, err := base64.StdEncoding.Strict().DecodeString(header)
	if err != nil {
		return nil, fault.New(fault.CodeUnauthenticated, "%s: %w", headerChain, err)
	}
	chain, err := x509.ParseCertificates(der)
	if err != nil {
		return nil, fault.New(fault.CodeUnauthenticated, "%s: %w", headerChain, err)
	}
	if len(chain) == 0 || len(chain) > forwardedCountMax {
		return nil, fault.New(fault.CodeUnauthenticated, "%s holds %d certificates, want 1 to %d", headerChain, len(chain), forwardedCountMax)
	}
	for _, c := range chain {
		if len(c.Raw) > certificateBytesMax {
			return nil, fault.New(fault.CodeUnauthenticated, "%s: a certificate is longer than %d bytes", headerChain, certificateBytesMax)
		}
	}
	return chain, nil
}

// forwarded reads the caller that a voter has passed on.
func (s *Server) forwarded(r *http.Request, via identity.Identity, rt *route) (Caller, error) {
	if err := identity.Allow(via, identity.ActFor, ""); err != nil {
		return Caller{}, err
	}
	if v := r.Header.Values(headerForwarded); len(v) != 1 || v[0] != forwardedOnce {
		return Caller{}, fault.New(fault.CodeUnauthenticated, "%s: want %s", headerForwarded, forwardedOnce)
	}
	caller := Caller{Forwarded: true, Via: via.ID, Origin: originIn(r.Header.Get(headerOrigin))}
	chains := r.Header.Values(headerChain)
	switch {
	case len(chains) == 0 && rt.action == identity.Join:
		return caller, nil // the joining node has no certificate yet
	case len(chains) != 1:
		return Caller{}, fault.New(fault.CodeUnauthenticated, "%d headers %s, want one", len(chains), headerChain)
	}
	chain, err := decodeChain(chains[0])
	if err != nil {
		return Caller{}, err
	}
	caller.Identity, err = s.Verify(chain)
	return caller, err
}

// originIn keeps an address and nothing else.
func originIn(header string) string {
	if len(header) > originBytesMax {
		return ""
	}
	addr, err := netip.ParseAddrPort(header)
	if err != nil {
		return ""
	}
	return addr.String()
}

// isForwarded says whether a request claims to be passed on.
func isForwarded(h http.Header) bool {
	return h.Values(headerForwarded) != nil || h.Values(headerChain) != nil || h.Values(headerOrigin) != nil
}

// forward passes a call on to the leader, streams and trailers as they come.
func (s *Server) forward(w *response, r *http.Request, rt *route, c Caller, address string) error {
	if s.Role != identity.Voter { // nobody would believe it
		return fault.New(fault.CodeNoLeader, "this node may not pass calls on: ask %s", address)
	}
	var chain []*x509.Certificate
	if r.TLS != nil {
		chain = r.TLS.PeerCertificates
	}
	if len(chain) == 0 && rt.action != identity.Join {
		return fault.New(fault.CodeUnauthenticated, "the connection shows no certificate to pass on")
	}
	target := &url.URL{Scheme: "https", Host: address}
	proxy := httputil.ReverseProxy{
		Transport: s.Transport,
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.Out.Header.Set(headerForwarded, forwardedOnce)
			if len(chain) > 0 {
				p.Out.Header.Set(headerChain, encodeChain(chain))
			}
			p.Out.Header.Set(headerOrigin, c.Origin)
		},
		ErrorLog: s.httpLog,
		ErrorHandler: func(_ http.ResponseWriter, r *http.Request, err error) {
			s.refuse(w, r, forwardingFailed(err, address))
		},
	}
	proxy.ServeHTTP(w, r)
	return nil
}

// forwardingFailed says whether the leader may have acted: a client repeats a call that
// did not reach it, and thinks before it repeats another.
func forwardingFailed(err error, address string) error {
	var ours *connect.Error // the body's
	if errors.As(err, &ours) {
		return ours
	}
	if neverSent(err) {
		return fault.New(fault.CodeNoLeader, "the leader at %s cannot be reached: %w", address, err)
	}
	return fault.New(fault.CodeUnreachable, "the connection to the leader at %s broke: %w", address, err)
}
