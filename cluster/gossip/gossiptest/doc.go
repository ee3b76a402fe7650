// Package gossiptest is a network for tests of what runs on cluster/gossip: memberlist
// transports in memory with delay, loss, partitions, one-way cuts and crashes, all usable in
// a bubble of testing/synctest.
//
// Packets are UDP's: a sender never blocks, a full queue drops. Streams are buffered pipes
// with deadlines; what is written into a cut link is lost together with all that follows, and
// the reader waits for its deadline. Delay and loss are drawn from a seed; which goroutine
// runs first is not. No goroutines; a delayed packet is a timer.
package gossiptest
