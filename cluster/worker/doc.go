// Package worker proves parts for the cluster's leader on the devices of one process
// (docs/worker.md).
//
// A Worker keeps one session with whoever leads, over which it is granted parts: each
// waits in the queue of its device while its witness and key are fetched, is proved, and
// is reported until the leader has taken the report. A part is worked on only under a
// lease: one that has not been renewed by its deadline is given up, so a worker that is
// cut off stops by itself. A session that breaks is opened again, and the leader then says
// which of the parts go on, under which fences.
//
// The node's command calls it. Run owns all goroutines, and all have ended when it
// returns:
//
//	session    one that opens sessions and receives; while one is open, one that sends
//	           and one that beats
//	leases     one that gives parts up whose deadline has passed
//	devices    one for each, that runs tasks
//	fetches    one for each part that waits for its witness or key
//
// The books (parts, queues, reports) are guarded by one mutex, which is held for a few
// instructions and never across anything that waits. The goroutine that beats takes no
// part in that: it sends a snapshot that every change of the books leaves behind, so
// neither work nor locks delay a heartbeat. Devices run in processes of their own
// (cluster/worker/child), with a lower priority than this one.
//
// What always holds: a part is in the books under exactly one fence; a device has at most
// MaxWaiting parts waiting and one running; a witness is overwritten as soon as its part
// ends, however it ends.
package worker
