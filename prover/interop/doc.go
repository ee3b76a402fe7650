// Package interop reads and writes the JSON files through which circuits and instances
// travel between this project and an unmodified Plonky3: rpp-circuit-1 and
// rpp-instance-1 (docs/formats/circuit.md). Decoding is strict: unknown keys, integers
// that are not canonical and sizes above the limits are errors that name the place.
//
// No goroutines, no file access: the caller hands over bytes, and a function that reads
// the file a circuit may name its tables in.
package interop
