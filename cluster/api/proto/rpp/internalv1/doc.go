// Package internalv1 is the messages that nodes send each other: joining, peers, workers.
// Generated from proto/rpp/internal/v1, whose name the services keep on the wire; Go closes
// folders named internal to the rest of the cluster. No goroutines.
package internalv1
