// Package device is the interface behind which the prover's kernels sit, and the CPU that
// implements it. A kernel is a pure function: the same bytes whatever the device and the
// number of its workers.
//
// Called by prover/shard, prover/stark and key derivation. A call may start goroutines;
// they have ended when it returns. A Device is safe for use by one job at a time.
package device
