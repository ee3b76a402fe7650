// Package local runs a whole cluster in one process: voters and workers, each a node with
// a data directory, certificates, ports and stores of its own, on loopback. Nothing about
// the nodes is special: they found, join and speak as nodes on separate machines do, so
// there is no second, insecure path. 'rpp-node dev', the demo and tests use it.
//
// A Cluster owns its nodes and their goroutines; Close ends them. Kill ends one node
// without a farewell, and Restart starts it again from its directory.
package local
