// Package rafttest is a network for tests of what runs on cluster/raft: transports in memory
// with delay, loss, partitions, one-way cuts and crashes, all usable in a bubble of
// testing/synctest. A message that is lost is not refused: the sender waits for its timeout,
// as it would for a host that is gone.
//
// Delay and loss are drawn from a seed; which goroutine runs first is not. No goroutines.
package rafttest
