// Package identity says who is who in a cluster and what each may do: the cluster's own
// CA, node certificates, one-time join tokens, the renewal of certificates, and the one
// table of rights. The command line makes the root, voters issue certificates, transport
// verifies them on every handshake, and the API asks Allow before it acts.
//
// What always holds:
//
//   - A name is a URI, rpp://<cluster>/<role>/<id>, made by the CA. DNS names, addresses
//     and common names count for nothing, and a CSR contributes a public key only.
//   - An ID is the BLAKE3-256 of the public key's SPKI. A key is kept over renewals, so
//     the ID that a certificate claims is checked against the key that it holds.
//   - Every key is Ed25519: small, one algorithm to support, and its signatures need no
//     randomness that could be repeated and leak the key. (P-256 would buy hardware
//     tokens and browsers; a browser comes in through a gateway of its own.)
//   - What has no row in the table of rights is denied.
//   - Secrets print as [redacted], whatever the verb, and private files are 0600.
//   - Everything read is bounded before it is parsed (limits.go).
//
// Clock, randomness and disk come in by constructor. The only goroutine is the Keeper's,
// from Start to Close.
package identity
