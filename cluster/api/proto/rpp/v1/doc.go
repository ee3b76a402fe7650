// Package rppv1 is the messages of the public contracts: jobs, cluster, keys. Generated
// from the .proto files beside it, which say what each field means. cluster/api fills and
// checks them, everybody reads them. No goroutines.
package rppv1
