package gadget

import "rpp-node/prover/air"

// The buses. A message's fields stand in the order of its line; digests and blocks are
// eight elements. A message is one row's: count is 0 or 1 on each row, and whoever sends
// or queries constrains it so.
//
//	perm       in 16, out 8                       P2 answers: out is the rate of perm(in)
//	perm_full  in 16, out 16                      P2 answers; Sponge asks
//	feed       id, index, block                   a family's tables feed Sponge
//	hash       id, family, tag, length, digest    Sponge reports, a family's table takes
//	node       key, digest                        leaves and nodes to their parent, roots out
//	range8     value                              Range8 answers: value is below 256
const (
	busPerm     = "perm"
	busPermFull = "perm_full"
	busFeed     = "feed"
	busHash     = "hash"
	busNode     = "node"
	busRange8   = "range8"
)

// Exprs joins fields.
func Exprs(parts ...[]air.Expr) []air.Expr {
	var all []air.Expr
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// Columns is n main columns from at on, of this row.
func Columns(b *air.Builder, at, n int) []air.Expr {
	out := make([]air.Expr, n)
	for i := range out {
		out[i] = b.Main(at + i)
	}
	return out
}

// NextColumns is n main columns from at on, of the next row.
func NextColumns(b *air.Builder, at, n int) []air.Expr {
	out := make([]air.Expr, n)
	for i := range out {
		out[i] = b.Next(at + i)
	}
	return out
}

// Publics is n public values from at on.
func Publics(b *air.Builder, at, n int) []air.Expr {
	out := make([]air.Expr, n)
	for i := range out {
		out[i] = b.Public(at + i)
	}
	return out
}

// Constants is d as constants.
func Constants(b *air.Builder, d Digest) []air.Expr {
	out := make([]air.Expr, len(d))
	for i, e := range d {
		out[i] = b.Elem(e)
	}
	return out
}

// AskPerm queries that digest is the rate of perm(in).
func AskPerm(b *air.Builder, count air.Expr, in, digest []air.Expr) {
	b.Send(busPerm, count, 1, Exprs(in, digest)...)
}

// AskPermFull queries that out is the whole of perm(in).
func AskPermFull(b *air.Builder, count air.Expr, in, out []air.Expr) {
	b.Send(busPermFull, count, 1, Exprs(in, out)...)
}

// AskHashOfBlock queries that digest is the Hash of a message of one whole block. It
// needs no Sponge row: one permutation is the whole sponge.
func AskHashOfBlock(b *air.Builder, count air.Expr, d Domain, block, digest []air.Expr) {
	AskPerm(b, count, Exprs(block, Constants(b, capacity(d, Rate))), digest)
}

// Feed sends block number index of message id to Sponge. A short block is filled up
// with zeros.
func Feed(b *air.Builder, count, id, index air.Expr, block []air.Expr) {
	for len(block) < Rate {
		block = append(block[:len(block):len(block)], b.Const(0))
	}
	b.Send(busFeed, count, 1, Exprs([]air.Expr{id, index}, block)...)
}

// FeedAll feeds the blocks of a message that one row holds whole.
func FeedAll(b *air.Builder, count, id air.Expr, message []air.Expr) {
	for i := 0; i*Rate < len(message); i++ {
		Feed(b, count, id, b.Const(uint64(i)), message[i*Rate:min((i+1)*Rate, len(message))])
	}
}

// TakeHash takes Sponge's report on message id: digest is the Hash of the blocks fed
// under id, as a message of domain d and of length elements.
func TakeHash(b *air.Builder, count, id air.Expr, d Domain, length air.Expr, digest []air.Expr) {
	head := []air.Expr{id, b.Const(uint64(d.Family)), b.Const(uint64(d.Tag)), length}
	b.Receive(busHash, count, 1, Exprs(head, digest)...)
}

// SendNode offers the digest of node key to its one taker.
func SendNode(b *air.Builder, count, key air.Expr, digest []air.Expr) {
	b.Send(busNode, count, 1, Exprs([]air.Expr{key}, digest)...)
}

// TakeNode takes the digest of node key.
func TakeNode(b *air.Builder, count, key air.Expr, digest []air.Expr) {
	b.Receive(busNode, count, 1, Exprs([]air.Expr{key}, digest)...)
}

// AskByte queries that value is below 256.
func AskByte(b *air.Builder, count, value air.Expr) {
	b.Send(busRange8, count, 1, value)
}
