// Package metrics is what a node exports to Prometheus: one struct, registered by whoever
// makes it, with a method for each thing that happens.
//
// Label sets are closed. A value outside its set is counted as "other"; tenants, jobs and
// nodes are never labels. What alerts look at is exported as zero from the start. Every
// metric is listed in docs/metrics.md, which a test compares with a live scrape.
//
// All methods may be called from any goroutine. No goroutines of its own.
package metrics
