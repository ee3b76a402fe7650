package keydir

import (
	"errors"
	"strings"
	"testing"
)

var sample = Name{Family: "pruning", Variant: "block-512", Profile: "production", Hash: "poseidon2", Kind: Verifying}

func TestNameFile(t *testing.T) {
	proving := sample
	proving.Kind = Proving
	for want, n := range map[string]Name{
		"pruning.block-512.production.poseidon2.vk": sample,
		"pruning.block-512.production.poseidon2.pk": proving,
	} {
		if got := n.File(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if got, err := ParseName(want); got != n || err != nil {
			t.Errorf("%s: %+v, %v", want, got, err)
		}
	}
}

// The longest name must stay a legal file name with any suffix.
func TestNameLongest(t *testing.T) {
	part := strings.Repeat("a", MaxPartBytes)
	n := Name{part, part, part, part, Proving}
	for _, file := range []string{tempName(n.File(), maxTemps-1), n.File() + corruptSuffix} {
		if len(file) > 255 {
			t.Errorf("%d bytes: %s", len(file), file)
		}
	}
	if _, err := ParseName(n.File()); err != nil {
		t.Error(err)
	}
	n.Hash += "a"
	if _, err := ParseName(n.File()); !errors.Is(err, ErrName) {
		t.Errorf("a part of %d bytes: %v", len(n.Hash), err)
	}
}

func TestNameRefused(t *testing.T) {
	for _, file := range []string{
		"", ".", "..", "....vk", "a.b.c.vk", "a.b.c.d.e.vk", "a.b.c.d", "a.b.c.d.", "a.b.c.d.VK", "a.b.c.d.key",
		"A.b.c.d.vk", "a.b_c.c.d.vk", "a.b.c.d.vk ", " a.b.c.d.vk", "-a.b.c.d.vk", "a..c.d.vk", "é.b.c.d.vk",
		"../a.b.c.d.vk", "a/b.b.c.d.vk", "a.b.c.d\x00.vk", "a.b.c.d.vk.0.tmp", "a.b.c.d.vk.corrupt",
	} {
		if n, err := ParseName(file); !errors.Is(err, ErrName) {
			t.Errorf("%q: %+v, %v", file, n, err)
		}
	}
}

func TestSuffixes(t *testing.T) {
	file := sample.File()
	for name, want := range map[string]bool{
		file + ".0.tmp": true, file + ".99.tmp": true,
		file + ".100.tmp": false, file + ".00.tmp": false, file + ".+1.tmp": false, file + ".-1.tmp": false,
		file + ".tmp": false, file + "..tmp": false, file: false, "notes.0.tmp": false, ".tmp": false,
	} {
		if n, ok := tempOf(name); ok != want || ok && n != sample {
			t.Errorf("%s: %v, %v", name, n, ok)
		}
	}
	for name, want := range map[string]bool{
		file + ".corrupt": true, file + ".corrupt.corrupt": false, file: false, "notes.corrupt": false,
	} {
		if n, ok := corruptOf(name); ok != want || ok && n != sample {
			t.Errorf("%s: %v, %v", name, n, ok)
		}
	}
}
