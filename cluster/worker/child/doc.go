// Package child runs a device of a worker in a process of its own (cluster/worker/device):
// it starts the process with bounded memory and low priority, hands it keys and tasks,
// ends it when a task's time is over or nobody wants its proof, and says of a process that
// ended by itself whether it crashed or ran out of memory. The next task gets a new
// process, after a pause that grows while processes keep ending. Nothing that a task does
// to its process reaches the worker's.
//
// A process that has ended is replaced when the next task needs one. Each process has a
// goroutine that waits for its end and one that reads its standard error; both end with
// it, and Close ends it.
package child
