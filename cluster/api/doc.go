// Package api is the cluster's edge: the contracts in proto, the services that check a
// request before anybody acts on it, and the client.
package api

//go:generate go run ./internal/gen
