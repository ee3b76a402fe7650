package node

import "path/filepath"

// layout names what lies in a data directory.
type layout string

func (l layout) identity() string   { return filepath.Join(string(l), "identity") }
func (l layout) raft() string       { return filepath.Join(string(l), "raft") }
func (l layout) data() string       { return filepath.Join(string(l), "data") }
func (l layout) membership() string { return filepath.Join(string(l), "member.json") }
func (l layout) gossipKeys() string { return filepath.Join(string(l), "secrets", "gossip.keys") }
func (l layout) storeKey() string   { return filepath.Join(string(l), "secrets", "store.key") }

// RootFile is where the sealed root of a new cluster is put: to be moved to a safe place.
func RootFile(data string) string { return filepath.Join(data, "root.sealed") }
