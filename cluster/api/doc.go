// Package api is the cluster's edge: the contracts in proto, the services that check a
// request before anybody acts on it, and the client.
//
// A node makes one Server over its backends (cluster/node implements them) and serves
// Handler on its TLS port. gRPC, gRPC-web and JSON arrive at the same routes. What happens
// to a request, in order, and each step before the next one's cost:
//
//  1. its path is a row of the table of routes, or it is refused;
//  2. who called: the certificate of the connection, or, from a voter that passes a call
//     on, the certificate that the voter saw, which is verified again here;
//  3. the table of rights (cluster/identity) grants the action to the role;
//  4. there is room for it: slots and body bytes, per class and per caller;
//  5. if only the leader can decide and this node does not lead, it is passed on, once;
//  6. the message is decoded, within the route's bounds, and checked field by field;
//  7. the tenant is the caller's own, or the table grants all; another tenant's job does
//     not exist;
//  8. the backend acts.
//
// The leader does all of this again for a call that was passed on. Errors are *fault.Error
// on both sides of the wire.
//
// No goroutines of its own: calls run on the server's, a Client's on its caller's.
package api

//go:generate go run ./internal/gen
