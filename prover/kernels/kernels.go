package kernels

import (
	"fmt"
	"os"
	"strings"
)

// Set is one set of kernels.
type Set uint8

// The sets, slowest first.
const (
	Portable Set = iota // Go over gnark-crypto's vectors, on every architecture
	AVX2                // 8 lanes of 32 bits
	AVX512              // 16 lanes: F, BW, DQ and VL
)

// Variable is the environment variable that forces a set, by its name.
const Variable = "RPP_KERNELS"

var names = [...]string{"portable", "avx2", "avx512"}

func (s Set) String() string { return names[s] }

var active, errVariable = initial(os.Getenv(Variable))

// initial is the best set, or the one that the environment asks for. A set that cannot
// run here would end the process at its first instruction, so the best one runs instead
// until someone has read Err.
func initial(name string) (Set, error) {
	if name == "" {
		return best(), nil
	}
	s, err := ByName(name)
	if err != nil {
		return best(), fmt.Errorf("environment variable %s: %w", Variable, err)
	}
	return s, nil
}

// Err is what is wrong with the environment variable, if anything: commands and tests
// refuse to start with a wrong one.
func Err() error { return errVariable }

func best() Set {
	all := Supported()
	return all[len(all)-1]
}

// Active is the set that runs.
func Active() Set { return active }

// Use makes s the set that runs and returns the one that did.
func Use(s Set) Set {
	old := active
	active = s
	return old
}

// Supported lists the sets that this processor can run, slowest first.
func Supported() []Set {
	sets := []Set{Portable}
	if hasAVX2 {
		sets = append(sets, AVX2)
		if hasAVX512 {
			sets = append(sets, AVX512)
		}
	}
	return sets
}

// ByName returns the set of that name if this processor can run it; "auto" is the best.
func ByName(name string) (Set, error) {
	if name == "auto" {
		return best(), nil
	}
	var can []string
	for _, s := range Supported() {
		if s.String() == name {
			return s, nil
		}
		can = append(can, s.String())
	}
	return 0, fmt.Errorf("kernel set %q cannot run on this processor; use one of: auto, %s", name, strings.Join(can, ", "))
}
