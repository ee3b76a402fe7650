// Package matrix holds row-major matrices over a base field: traces and low-degree
// extensions. Large buffers are recycled through Get and Put, because fresh pages cost
// more than the arithmetic on small matrices. No goroutines; a Matrix belongs to whoever
// made it until Put.
package matrix
