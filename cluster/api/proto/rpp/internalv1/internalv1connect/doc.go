// Package internalv1connect is clients and handlers of the services between nodes.
// Generated; only cluster/api builds on it. No goroutines of its own.
package internalv1connect
