package fsm

import (
	"crypto/ed25519"
	"encoding/binary"

	"rpp-node/cluster/fsm/internal/wire"
)

// receiptDomain separates what a node signs here from what it signs anywhere else.
const receiptDomain = "rpp-receipt-1\x00"

// Receipt is a voter's signature under a ReceiptClaim: it has stored the proof and
// verified it against its own record of the job.
type Receipt struct {
	Voter     NodeID
	Signature [64]byte
	Build     string // of the verifier
}

func (r *Receipt) walk(w *wire.Coder) {
	w.Fixed(r.Voter[:], "voter")
	w.Fixed(r.Signature[:], "signature")
	w.Text(&r.Build, maxBuildBytes, "build")
}

// ReceiptClaim is what a receipt says.
type ReceiptClaim struct {
	Cluster     string
	Job         JobID
	Spec        Digest // of the canonical spec
	Proof       Digest // of the proof file
	Fingerprint Digest // of the verifying key
	Build       string
}

// ReceiptMessage is the bytes that are signed: the domain, then the claim's fields, texts
// with their length (u32, little-endian) first.
func ReceiptMessage(c ReceiptClaim) []byte {
	b := []byte(receiptDomain)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(c.Cluster)))
	b = append(b, c.Cluster...)
	b = append(b, c.Job[:]...)
	b = append(b, c.Spec[:]...)
	b = append(b, c.Proof[:]...)
	b = append(b, c.Fingerprint[:]...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(c.Build)))
	return append(b, c.Build...)
}

// SignReceipt makes a voter's receipt.
func SignReceipt(key ed25519.PrivateKey, voter NodeID, c ReceiptClaim) Receipt {
	r := Receipt{Voter: voter, Build: c.Build}
	copy(r.Signature[:], ed25519.Sign(key, ReceiptMessage(c)))
	return r
}

// VerifyReceipt says whether the holder of the key made that claim.
func VerifyReceipt(key ed25519.PublicKey, c ReceiptClaim, signature [64]byte) bool {
	return len(key) == ed25519.PublicKeySize && ed25519.Verify(key, ReceiptMessage(c), signature[:])
}
