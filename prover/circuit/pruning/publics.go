package pruning

import (
	"errors"
	"fmt"

	"rpp-node/prover/circuit/gadget"
	"rpp-node/prover/circuit/pruning/internal/tables"
	"rpp-node/prover/field"
)

// Publics are the public values: what a proof states, but for the variant.
type Publics struct {
	Previous      gadget.Digest `json:"previous"`       // root of the transactions before pruning, or digest of the blocks' roots
	Pruned        gadget.Digest `json:"pruned"`         // the same of those kept
	Kept          uint32        `json:"kept"`           // transactions kept
	Removed       uint32        `json:"removed"`        // transactions removed
	RemovedDigest gadget.Digest `json:"removed_digest"` // of the removed ids, in order
	FoldIn        gadget.Digest `json:"fold_in"`        // fold of the segments before this one
	FoldOut       gadget.Digest `json:"fold_out"`       // fold with this one
	From          uint64        `json:"from"`           // height of the first block
	To            uint64        `json:"to"`             // height of the last
	Header        gadget.Digest `json:"header"`         // digest of the last block's header
}

// PublicTable is the table that holds all public values; the others have none.
const PublicTable = tables.TableChain

// PublicField is a named run of public values.
type PublicField struct {
	Name     string
	Elements int
}

// PublicFields lists the public values of PublicTable, in order.
func PublicFields() []PublicField {
	return []PublicField{
		{"previous", gadget.DigestLen},
		{"pruned", gadget.DigestLen},
		{"kept", 1},
		{"removed", 1},
		{"removed_digest", gadget.DigestLen},
		{"fold_in", gadget.DigestLen},
		{"fold_out", gadget.DigestLen},
		{"from", gadget.LimbsU64},
		{"to", gadget.LimbsU64},
		{"header", gadget.DigestLen},
	}
}

// ErrPublics is wrapped by every error about public values.
var ErrPublics = errors.New("pruning: invalid public values")

// Encode lays p out as the public values of PublicTable.
func (p *Publics) Encode() []field.Elem {
	num := gadget.Field.FromUint
	out := make([]field.Elem, tables.PublicCount)
	copy(out[tables.PublicPrevious:], p.Previous[:])
	copy(out[tables.PublicPruned:], p.Pruned[:])
	out[tables.PublicKept], out[tables.PublicRemoved] = num(uint64(p.Kept)), num(uint64(p.Removed))
	copy(out[tables.PublicRemovedDigest:], p.RemovedDigest[:])
	copy(out[tables.PublicFoldIn:], p.FoldIn[:])
	copy(out[tables.PublicFoldOut:], p.FoldOut[:])
	from, to := gadget.LimbsOfU64(p.From), gadget.LimbsOfU64(p.To)
	copy(out[tables.PublicFrom:], from[:])
	copy(out[tables.PublicTo:], to[:])
	copy(out[tables.PublicHeader:], p.Header[:])
	return out
}

// Lists gives p in the form in which prover and verifier take public values: one list
// for each table.
func (p *Publics) Lists(v Variant) [][]field.Elem {
	lists := make([][]field.Elem, len(v.shape().LogHeights()))
	lists[PublicTable] = p.Encode()
	return lists
}

// DecodePublics reads what Encode wrote. It refuses values that no Publics encodes to.
func DecodePublics(values []field.Elem) (Publics, error) {
	var p Publics
	if len(values) != tables.PublicCount {
		return p, fmt.Errorf("%w: %d elements, want %d", ErrPublics, len(values), tables.PublicCount)
	}
	for i, e := range values {
		if uint32(e) >= gadget.Field.Modulus() {
			return p, fmt.Errorf("%w: element %d is not reduced", ErrPublics, i)
		}
	}
	digest := func(at int) gadget.Digest { return gadget.Digest(values[at : at+gadget.DigestLen]) }
	p = Publics{
		Previous:      digest(tables.PublicPrevious),
		Pruned:        digest(tables.PublicPruned),
		Kept:          gadget.Field.Uint(values[tables.PublicKept]),
		Removed:       gadget.Field.Uint(values[tables.PublicRemoved]),
		RemovedDigest: digest(tables.PublicRemovedDigest),
		FoldIn:        digest(tables.PublicFoldIn),
		FoldOut:       digest(tables.PublicFoldOut),
		Header:        digest(tables.PublicHeader),
	}
	var ok bool
	if p.From, ok = gadget.U64OfLimbs(values[tables.PublicFrom:]); !ok {
		return Publics{}, fmt.Errorf("%w: from: a limb is not below 2^16", ErrPublics)
	}
	if p.To, ok = gadget.U64OfLimbs(values[tables.PublicTo:]); !ok {
		return Publics{}, fmt.Errorf("%w: to: a limb is not below 2^16", ErrPublics)
	}
	return p, nil
}
