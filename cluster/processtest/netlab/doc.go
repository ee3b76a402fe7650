// Package netlab is a network in one process: hosts, each a network namespace of the kernel
// with one TAP device, and between them a switch in user space that delays, loses, repeats
// and withholds frames as it is told. Programs that run on a host see nothing of it but its
// effects: they use the kernel's own TCP and UDP. Tests of processes are its only callers.
// It needs Linux, the right to make namespaces, and /dev/net/tun.
//
// A Lab owns, for each host, a thread that lives in the namespace and a goroutine that
// reads the host's frames; frames that are under way are timers. All end with Close.
//
// What always holds:
//
//   - Nothing outlives the process. A namespace has no name and no mount; it goes when its
//     thread, its TAP and the programs on the host are gone. Programs started on a host are
//     killed by the kernel when its thread ends.
//   - What happens to a frame is drawn from a source of the pair (sender, receiver), seeded
//     from the lab's seed. Which frames there are is up to the programs, so a seed repeats
//     conditions, not a run.
package netlab
