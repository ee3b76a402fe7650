package tables

import "rpp-node/prover/circuit/gadget"

// Places of the public values, all of table chain.
const (
	PublicPrevious      = 0
	PublicPruned        = PublicPrevious + gadget.DigestLen
	PublicKept          = PublicPruned + gadget.DigestLen
	PublicRemoved       = PublicKept + 1
	PublicRemovedDigest = PublicRemoved + 1
	PublicFoldIn        = PublicRemovedDigest + gadget.DigestLen
	PublicFoldOut       = PublicFoldIn + gadget.DigestLen
	PublicFrom          = PublicFoldOut + gadget.DigestLen
	PublicTo            = PublicFrom + gadget.LimbsU64
	PublicHeader        = PublicTo + gadget.LimbsU64
	PublicCount         = PublicHeader + gadget.DigestLen
)

// The family's own messages.
var (
	RemovedIDs    = gadget.Domain{Family: gadget.FamilyPruning, Tag: 1} // ids, 8 each
	PreviousRoots = gadget.Domain{Family: gadget.FamilyPruning, Tag: 2} // roots, 8 each
	PrunedRoots   = gadget.Domain{Family: gadget.FamilyPruning, Tag: 3} // roots, 8 each
	Segment       = gadget.Domain{Family: gadget.FamilyPruning, Tag: 4} // from 4, to 4, previous 8, pruned 8, removed ids' digest 8, header digest 8
	Fold          = gadget.Domain{Family: gadget.FamilyPruning, Tag: 5} // fold before 8, segment 8
)

const (
	segmentLen = 2*gadget.LimbsU64 + 4*gadget.DigestLen
	foldLen    = 2 * gadget.DigestLen
)

// Ids of the messages of Sponge. That of block b's header is MessageHeader + b.
const (
	MessageRemoved = iota
	MessageSegment
	MessageFold
	MessagePreviousRoots // only in ranges of several blocks
	MessagePrunedRoots
	MessageHeader
)

// busTally carries (kept, removed) from the last slot to chain.
const busTally = "tally"
