// Package pruningtest tries to prove what the pruning circuit must never prove. Each case
// is a whole set of traces that a competent liar would make: everything is recomputed
// from the lie on, so that as little as possible is inconsistent.
//
// Called by tests only: those of package pruning, which ask that the constraint check
// catch every case, and those that force a prover to prove it all the same and ask that
// the verifier refuse. No goroutines.
package pruningtest
