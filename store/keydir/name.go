package keydir

import (
	"fmt"
	"strings"
)

// Kind tells a verifying key from a proving key. Its values are those of the file format.
type Kind uint8

// The kinds, with their file extensions: .vk and .pk.
const (
	Verifying Kind = 1
	Proving   Kind = 2
)

func (k Kind) String() string {
	switch k {
	case Verifying:
		return "verifying"
	case Proving:
		return "proving"
	}
	return fmt.Sprintf("kind(%d)", uint8(k))
}

func (k Kind) extension() string {
	switch k {
	case Verifying:
		return "vk"
	case Proving:
		return "pk"
	}
	return ""
}

// Name says which key a file holds. Each part has 1 to MaxPartBytes characters out of
// a–z, 0–9 and the hyphen, and does not begin with a hyphen.
type Name struct {
	Family, Variant, Profile, Hash string
	Kind                           Kind
}

// File is the name's file: family.variant.profile.hash.vk, or .pk.
func (n Name) File() string { return n.stem() + "." + n.Kind.extension() }

// String is File.
func (n Name) String() string { return n.File() }

// stem is what the file's header repeats of the name; the kind has a field of its own.
func (n Name) stem() string {
	return strings.Join([]string{n.Family, n.Variant, n.Profile, n.Hash}, ".")
}

// ParseName reads a name back from its file. File is its only inverse: what it accepts,
// File writes.
func ParseName(file string) (Name, error) {
	parts := strings.Split(file, ".")
	if len(parts) != 5 {
		return Name{}, fmt.Errorf("keydir: %w: %.80q: want family.variant.profile.hash.vk or .pk", ErrName, file)
	}
	n := Name{Family: parts[0], Variant: parts[1], Profile: parts[2], Hash: parts[3]}
	for _, k := range []Kind{Verifying, Proving} {
		if parts[4] == k.extension() {
			n.Kind = k
		}
	}
	return n, n.check()
}

// check refuses names that are no file names, so that a name can never point elsewhere.
func (n Name) check() error {
	for _, p := range []struct{ field, text string }{
		{"family", n.Family}, {"variant", n.Variant}, {"profile", n.Profile}, {"hash", n.Hash},
	} {
		if !validPart(p.text) {
			return fmt.Errorf("keydir: %w: %s: %.80q: want 1 to %d of a-z, 0-9 and hyphen, not beginning with a hyphen", ErrName, p.field, p.text, MaxPartBytes)
		}
	}
	if n.Kind.extension() == "" {
		return fmt.Errorf("keydir: %w: kind: want verifying (.vk) or proving (.pk)", ErrName)
	}
	return nil
}

func validPart(s string) bool {
	if len(s) == 0 || len(s) > MaxPartBytes || s[0] == '-' {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
