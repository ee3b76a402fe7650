package soundness

import (
	"fmt"
	"strings"
)

// Profile is a named choice of parameters. A verifying key names its profile, so the
// figures of a name never change: better ones get a new name.
type Profile struct {
	Name            string
	Degree          int // of the challenge field over the base field
	LogBlowup       int
	NumQueries      int
	QueryPoWBits    int
	CommitPoWBits   int
	MaxLogArity     int
	CapHeight       int // of all trees; no bits depend on it
	LogFinalPolyLen int
}

// profiles: the first two reach DefaultFloor for every family and height of ours. fast is
// for development. bench has the parameters of upstream's prove_prime_field_31 example, to
// be compared with it. All figures fit constraints of degree 3 (two quotient chunks).
var profiles = []Profile{
	{Name: "production", Degree: 5, LogBlowup: 2, NumQueries: 92, QueryPoWBits: 20, MaxLogArity: 3},
	{Name: "production-fast", Degree: 5, LogBlowup: 1, NumQueries: 188, QueryPoWBits: 20, MaxLogArity: 3},
	{Name: "fast", Degree: 4, LogBlowup: 1, NumQueries: 84, QueryPoWBits: 16, MaxLogArity: 3},
	{Name: "bench", Degree: 4, LogBlowup: 1, NumQueries: 100, QueryPoWBits: 16, MaxLogArity: 3, CapHeight: 3},
}

// Development reports whether the profile stays below DefaultFloor whatever the circuit:
// it is used only where somebody asks for it.
func (p Profile) Development() bool { return p.Name == "fast" || p.Name == "bench" }

// Profiles returns the profiles, the default first.
func Profiles() []Profile { return append([]Profile(nil), profiles...) }

// ProfileByName returns the profile of that name.
func ProfileByName(name string) (Profile, error) {
	names := make([]string, len(profiles))
	for i, p := range profiles {
		if p.Name == name {
			return p, nil
		}
		names[i] = p.Name
	}
	return Profile{}, &InputError{"profile", fmt.Sprintf("%q", name), "one of " + strings.Join(names, ", ")}
}

// Params are the parameters of the profile over the prime field of that modulus, with the
// exact size of its extension. The digest is the project's (ClaimCap), for both hashes.
func (p Profile) Params(modulus uint32) Params {
	return Params{
		ExtensionBits:   ExtensionBits(modulus, p.Degree, Exact),
		LogBlowup:       p.LogBlowup,
		NumQueries:      p.NumQueries,
		QueryPoWBits:    p.QueryPoWBits,
		CommitPoWBits:   p.CommitPoWBits,
		MaxLogArity:     p.MaxLogArity,
		LogFinalPolyLen: p.LogFinalPolyLen,
		DigestBits:      ClaimCap,
	}
}
