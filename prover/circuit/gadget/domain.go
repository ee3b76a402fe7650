package gadget

// Domain separates the messages that Hash takes: no two kinds of message share one.
type Domain struct {
	Family uint32 // who defines the message
	Tag    uint32 // which of the family's messages
}

// Families. Chain owns what several circuits read. The other numbers follow the order in
// which the families are listed (transaction 2, state 3, pruning 4, uptime 5, consensus
// 6, identity 7, recursive 8); a family's package adds its constant here.
const (
	FamilyChain   = 1
	FamilyPruning = 4
)

// The chain's own messages.
var (
	TransactionLeaf = Domain{FamilyChain, 1} // id 8
	EmptyLeaf       = Domain{FamilyChain, 2} // nothing
	Header          = Domain{FamilyChain, 3} // height 4, parent's header digest 8, transaction root 8
)

// HeaderLen is the number of elements of a header.
const HeaderLen = LimbsU64 + 2*DigestLen
