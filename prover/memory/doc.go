// Package memory holds the large buffers of a proof outside the garbage collector's heap:
// anonymous mappings, on huge pages if asked for (HugePages), so that gigabytes of traces
// are neither scanned nor kept alive by a late collection, and every buffer goes away at
// its last use.
//
// Fresh pages cost more than the arithmetic on a small matrix, so a buffer that is put
// back waits for the next Get that it fits. It never adds to the peak: a Get that no
// waiting buffer fits gives all of them back to the system before it maps a new one.
//
// prover/matrix is the caller. No goroutines; safe for concurrent use. A buffer must not
// be used after Put: unlike memory of the Go heap, it may be gone.
package memory
