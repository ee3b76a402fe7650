// Package rppv1connect is clients and handlers of the public services. Generated; only
// cluster/api builds on it. No goroutines of its own.
package rppv1connect
