package tables

import (
	"rpp-node/prover/air"
	"rpp-node/prover/circuit/gadget"
)

// Columns of chain.
const (
	chainBlock    = 0                                // the block's number in the range
	chainEnd      = chainBlock + 1                   // it is the last
	chainHeight   = chainEnd + 1                     // eight bytes, least significant first
	chainParent   = chainHeight + 2*gadget.LimbsU64  // digest of the header before
	chainPrevious = chainParent + gadget.DigestLen   // root of the block's transactions
	chainPruned   = chainPrevious + gadget.DigestLen // root of those kept
	chainHeader   = chainPruned + gadget.DigestLen   // digest of this header
	chainSegment  = chainHeader + gadget.DigestLen   // of the range, on the last row
	chainInverse  = chainSegment + gadget.DigestLen  // 1/(removed in all) on the last row
	chainWidth    = chainInverse + 1
	bytesPerLimb  = gadget.LimbBits / 8
	bytesOfHeight = bytesPerLimb * gadget.LimbsU64
)

// chain builds the table of headers, one row for each block of the range, in order. Its
// last row draws the conclusions for the range.
type chain struct {
	*air.Builder
	shape Shape
	end   air.Expr
}

func chainTable(s Shape) air.Table {
	c := chain{Builder: air.NewBuilder(gadget.Field, "chain", chainWidth, PublicCount), shape: s}
	c.end = c.Main(chainEnd)
	c.numbers()
	c.heights()
	c.headers()
	c.roots()
	c.removed()
	c.conclusion()
	return c.Table()
}

func (c *chain) digest(at int) []air.Expr { return gadget.Columns(c.Builder, at, gadget.DigestLen) }

func (c *chain) publicDigest(at int) []air.Expr {
	return gadget.Publics(c.Builder, at, gadget.DigestLen)
}

func (c *chain) assertEqual(a, b []air.Expr) {
	for i := range a {
		c.AssertEqual(a[i], b[i])
	}
}

// numbers: blocks count from 0, and the last row, and it alone, is the end.
func (c *chain) numbers() {
	block := c.Main(chainBlock)
	c.When(c.First(), func() { c.AssertZero(block) })
	c.When(c.Transition(), func() {
		c.AssertEqual(c.Next(chainBlock), block.AddConst(1))
		c.AssertZero(c.end)
	})
	c.When(c.Last(), func() { c.AssertZero(c.end.Not()) })
}

// limbs are a row's height as 16-bit limbs.
func limbs(bytes []air.Expr) []air.Expr {
	out := make([]air.Expr, gadget.LimbsU64)
	for i := range out {
		out[i] = bytes[bytesPerLimb*i].Add(bytes[bytesPerLimb*i+1].Scale(1 << 8))
	}
	return out
}

// heights: they go from the one public height to the other in steps of one. Bytes are
// checked, so limbs are below 2^16: then next = here + 1 has one solution limb by limb,
// each carry 0 or 1, and none out of the last limb.
//
// The steps are guarded by the column that numbers binds to the transition selector, not
// by the selector: at degree 3, two messages share a lookup column.
func (c *chain) heights() {
	bytes := gadget.Columns(c.Builder, chainHeight, bytesOfHeight)
	for _, v := range bytes {
		gadget.AskByte(c.Builder, c.Const(1), v)
	}
	here := limbs(bytes)
	c.When(c.First(), func() { c.assertEqual(here, gadget.Publics(c.Builder, PublicFrom, gadget.LimbsU64)) })
	c.When(c.Last(), func() { c.assertEqual(here, gadget.Publics(c.Builder, PublicTo, gadget.LimbsU64)) })
	c.When(c.end.Not(), func() {
		next := limbs(gadget.NextColumns(c.Builder, chainHeight, bytesOfHeight))
		shift := c.Elem(gadget.Field.Inv(gadget.Field.FromUint(1 << gadget.LimbBits)))
		carry := c.Const(1)
		for i := range gadget.LimbsU64 - 1 {
			carry = here[i].Add(carry).Sub(next[i]).Mul(shift)
			c.AssertBool(carry)
		}
		c.AssertEqual(next[gadget.LimbsU64-1], here[gadget.LimbsU64-1].Add(carry))
	})
}

// headers: each is the parent of the next, and the last is public.
func (c *chain) headers() {
	height := limbs(gadget.Columns(c.Builder, chainHeight, bytesOfHeight))
	id := c.Main(chainBlock).AddConst(MessageHeader)
	header := c.digest(chainHeader)
	gadget.FeedAll(c.Builder, c.Const(1), id, gadget.Exprs(height, c.digest(chainParent), c.digest(chainPrevious)))
	gadget.TakeHash(c.Builder, c.Const(1), id, gadget.Header, c.Const(gadget.HeaderLen), header)
	c.When(c.Transition(), func() {
		c.assertEqual(gadget.NextColumns(c.Builder, chainParent, gadget.DigestLen), header)
	})
	c.When(c.Last(), func() { c.assertEqual(header, c.publicDigest(PublicHeader)) })
}

// roots: those of the block's two trees. The public values are the roots of the one
// block, or digests of the roots of several.
func (c *chain) roots() {
	forest := c.shape.forest()
	block := c.Main(chainBlock)
	key := block.Scale(uint64(forest.Stride())).AddConst(uint64(forest.Root(0)))
	gadget.TakeNode(c.Builder, c.Const(1), key, c.digest(chainPrevious))
	gadget.TakeNode(c.Builder, c.Const(1), key.AddConst(uint64(c.shape.prunedOffset())), c.digest(chainPruned))
	for _, list := range []struct {
		id             uint64
		domain         gadget.Domain
		column, public int
	}{
		{MessagePreviousRoots, PreviousRoots, chainPrevious, PublicPrevious},
		{MessagePrunedRoots, PrunedRoots, chainPruned, PublicPruned},
	} {
		root, public := c.digest(list.column), c.publicDigest(list.public)
		if c.shape.Blocks == 1 {
			c.When(c.Last(), func() { c.assertEqual(root, public) })
			continue
		}
		length := c.Const(uint64(c.shape.Blocks * gadget.DigestLen))
		gadget.Feed(c.Builder, c.Const(1), c.Const(list.id), block, root)
		gadget.TakeHash(c.Builder, c.end, c.Const(list.id), list.domain, length, public)
	}
}

// removed: the slots feed the list of removed ids; an empty one is a block of zeros, fed
// here. none is 1 on the last row if the public count is 0, and 0 otherwise: where the
// count is not 0, the product forces none to 0 on every row, and where it is 0, none is
// end.
func (c *chain) removed() {
	count := c.Public(PublicRemoved)
	none := c.end.Sub(count.Mul(c.Main(chainInverse)))
	c.AssertZero(count.Mul(none))
	id := c.Const(MessageRemoved)
	gadget.Feed(c.Builder, none, id, c.Const(0), nil)
	gadget.TakeHash(c.Builder, c.end, id, RemovedIDs, count.Scale(gadget.DigestLen), c.publicDigest(PublicRemovedDigest))
	c.Receive(busTally, c.end, 1, c.Public(PublicKept), count)
}

// conclusion: the segment of the range, and the fold of all segments up to it.
func (c *chain) conclusion() {
	segment := c.digest(chainSegment)
	id := c.Const(MessageSegment)
	gadget.FeedAll(c.Builder, c.end, id, gadget.Exprs(
		gadget.Publics(c.Builder, PublicFrom, 2*gadget.LimbsU64), // from and to
		c.publicDigest(PublicPrevious),
		c.publicDigest(PublicPruned),
		c.publicDigest(PublicRemovedDigest),
		c.publicDigest(PublicHeader)))
	gadget.TakeHash(c.Builder, c.end, id, Segment, c.Const(segmentLen), segment)
	id = c.Const(MessageFold)
	gadget.FeedAll(c.Builder, c.end, id, gadget.Exprs(c.publicDigest(PublicFoldIn), segment))
	gadget.TakeHash(c.Builder, c.end, id, Fold, c.Const(foldLen), c.publicDigest(PublicFoldOut))
}
