// Package config reads a node's configuration: strict TOML, where an unknown key, a value
// out of range and a setting that contradicts another are errors that name the key and
// say what to write instead. Every setting has a default, so an empty file is a
// configuration; docs/configuration.md lists them, and a test compares it with Default.
//
// Commands of cmd/rpp-node read it, flags override it, cluster/node is built from it. No
// goroutines.
package config
