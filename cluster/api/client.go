package api

import (
	"context"
	"errors"
	"io"
	"math/rand"
	"net/http"
	"strings"
	"sync"

	"connectrpc.com/connect"

	"rpp-node/cluster/api/proto/rpp/internalv1/internalv1connect"
	"rpp-node/cluster/api/proto/rpp/v1/rppv1connect"
)

// ClientConfig is what a Client needs.
type ClientConfig struct {
	// HTTP carries the caller's certificate and trusts the cluster's roots only.
	HTTP *http.Client

	// Addresses of nodes, host:port; one is enough. With a scheme, http:// for instance,
	// it is taken as it stands.
	Addresses []string

	// Rand spreads the waits between tries. It is the client's from then on.
	Rand *rand.Rand

	// Patient makes a client wait when the cluster says that it has too much to do;
	// otherwise that is the call's error.
	Patient bool

	// Once makes no call again: the caller has other nodes to ask, or asks again itself.
	Once bool
}

// Client calls a cluster through any of its nodes. Errors of all calls are *fault.Error,
// of streams too. A call that found no leader, or no node, is made again until its context
// ends, 30 seconds if that has none, at other addresses and ever more slowly: one that
// nobody has acted on always, one that somebody may have acted on only if the route says
// that twice is as once. Submit is such a one: it is known by its key.
//
// Streams are not opened again; Client.Watch does that for the stream that people wait on.
type Client struct {
	Jobs    rppv1connect.JobServiceClient
	Cluster rppv1connect.ClusterServiceClient
	Keys    rppv1connect.KeyServiceClient
	Join    internalv1connect.JoinServiceClient
	Peer    internalv1connect.PeerServiceClient
	Workers internalv1connect.WorkerServiceClient

	http    *http.Client
	patient bool
	once    bool

	mu        sync.Mutex // guards the rest
	rand      *rand.Rand
	addresses []string
	current   string
}

// NewClient makes a client. It opens no connection.
func NewClient(c ClientConfig) *Client {
	client := &Client{http: c.HTTP, patient: c.Patient, once: c.Once, rand: c.Rand}
	client.SetAddresses(c.Addresses)
	through := addressed{client}
	options := connect.WithClientOptions(
		connect.WithInterceptors(retrying{client}),
		connect.WithAcceptCompression("gzip", nil, nil),
	)
	client.Jobs = rppv1connect.NewJobServiceClient(through, anywhere, options)
	client.Cluster = rppv1connect.NewClusterServiceClient(through, anywhere, options)
	client.Keys = rppv1connect.NewKeyServiceClient(through, anywhere, options)
	client.Join = internalv1connect.NewJoinServiceClient(through, anywhere, options)
	client.Peer = internalv1connect.NewPeerServiceClient(through, anywhere, options)
	client.Workers = internalv1connect.NewWorkerServiceClient(through, anywhere, options)
	return client
}

// SetAddresses replaces the nodes to ask.
func (c *Client) SetAddresses(addresses []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.addresses = append([]string(nil), addresses...)
	c.current = ""
	if len(addresses) > 0 {
		c.current = addresses[0]
	}
}

// Address is the node that the next call goes to, empty if there is none.
func (c *Client) Address() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current
}

// Avoid makes later calls go to another node than the one that failed: to the one advised,
// or the next in the list.
func (c *Client) Avoid(failed, advised string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current != failed {
		return // another call has moved on already
	}
	if advised != "" {
		c.current = advised
		return
	}
	next := 0
	for i, a := range c.addresses {
		if a == failed {
			next = (i + 1) % len(c.addresses)
		}
	}
	if len(c.addresses) > 0 {
		c.current = c.addresses[next]
	}
}

// anywhere stands for the address in what connect builds.
const anywhere = "https://cluster.invalid"

type addressKey struct{}

// addressed sends a request to the address that was chosen for it.
type addressed struct{ c *Client }

var errNoAddress = errors.New("no address of a node is known")

func (a addressed) Do(r *http.Request) (*http.Response, error) {
	address, ok := r.Context().Value(addressKey{}).(string)
	if !ok {
		address = a.c.Address()
	}
	if address == "" {
		return nil, errNoAddress
	}
	scheme, host, ok := strings.Cut(address, "://")
	if !ok {
		scheme, host = "https", address
	}
	r.URL.Scheme, r.URL.Host, r.Host = scheme, host, host
	return a.c.http.Do(r)
}

// withAddress fixes where the requests of a context go.
func withAddress(ctx context.Context, address string) context.Context {
	return context.WithValue(ctx, addressKey{}, address)
}

// translated turns the errors of a stream into the other side's.
type translated struct{ connect.StreamingClientConn }

func (t translated) Receive(m any) error {
	err := t.StreamingClientConn.Receive(m)
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return FromError(err)
}
