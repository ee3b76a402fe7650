package circuit

import (
	"fmt"
	"strings"

	"rpp-node/prover/circuit/bench"
	"rpp-node/prover/circuit/bench/p2lookups"
)

// Benchmarks lists the benchmark circuits, in the order in which they are shown.
func Benchmarks() []bench.Benchmark { return append(bench.Circuits(), p2lookups.Benchmark()) }

// BenchmarkByName returns the benchmark of that name.
func BenchmarkByName(name string) (bench.Benchmark, error) {
	var names []string
	for _, b := range Benchmarks() {
		if b.Name == name {
			return b, nil
		}
		names = append(names, b.Name)
	}
	return bench.Benchmark{}, fmt.Errorf("%w: benchmark %q; there are: %s", ErrUnknown, name, strings.Join(names, ", "))
}
