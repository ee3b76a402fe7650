// Package fault holds the errors that users of a cluster see: each has a stable code, a
// kind that decides what a client should do, and a remedy. Every package of the cluster
// makes its user-visible errors here; the API carries them over the wire and the command
// line turns them into exit codes.
//
// Codes are never reused, and the list of codes only grows. No goroutines.
package fault
