// Package device is the process that owns one device of a worker, and the frames that it
// speaks with the worker over a pair of pipes (docs/formats/device.md).
//
// Serve runs in that process: it keeps a few keys, proves one task at a time and answers
// each with a proof file or a typed failure. It recovers from nothing: a crash ends the
// process, which costs the worker an attempt and never the node (cluster/worker/child).
// What a task brought in is overwritten with zeros before its answer is sent, and the
// buffers that it was worked on in go back to the system when the device falls idle.
//
// Serve has two goroutines, one that reads frames ahead and the caller's; the first ends
// when the input does.
package device
