// Package processtest tests clusters of real processes: the program that users run, three
// voters and four workers, each on a host of its own behind a switch that delays, loses and
// withholds (netlab), with a data directory on a disk of its own, making real proofs. It
// kills and stops processes, cuts networks, fills disks, flips bits, and slows machines
// down, while clients submit; then it heals everything and asks whether every promise was
// kept. docs/testing.md says what runs when. The package has tests only.
//
// The tests need root, Linux, network namespaces and TAP devices, and are skipped without.
// They run in a process tree and a set of mounts of their own (sandbox_test.go), so that
// nothing is left behind however they end.
package processtest
