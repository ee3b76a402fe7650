// Package keys is a node's side of the replicated key cache: which keys the cluster has
// agreed on, whether this node holds them, and how it comes by those that it lacks.
//
// A key is derived once in a cluster, on the leader, and registered through Raft by the
// digests of its two blobs. Every other node pulls the blobs chunk by chunk from its peers
// and checks them: the chunks against the blob's digest, the verifying key against its
// fingerprint. A proving key is bound to its fingerprint by the blob's digest, which the
// cluster has agreed on; deriving it again decides every doubt.
//
// The node runs Follow; voters ask for verifying keys, workers for proving keys, the API
// for coverage and for preloading. Follow runs on its caller's goroutine; each pull and each
// derivation has one of its own, which ends with it.
//
// What always holds: nothing incomplete or damaged is served; a key is pulled, or derived,
// once at a time however many want it.
package keys
