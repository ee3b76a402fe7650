//go:build !linux

package memory

// mapRegion takes the Go heap where there is no mapping of our own.
func mapRegion(n int) region { return region{words: make([]uint32, n)} }

func unmapRegion(region) {}

func mapSize(n int) int { return 4 * n }
