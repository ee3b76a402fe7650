package kernels

import (
	"slices"
	"testing"
)

func TestByName(t *testing.T) {
	for _, s := range Supported() {
		if got, err := ByName(s.String()); err != nil || got != s {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	if s, err := ByName("auto"); err != nil || s != best() {
		t.Errorf("auto: %v, %v", s, err)
	}
	for _, name := range []string{"", "sse2", "AVX2"} {
		if _, err := ByName(name); err == nil {
			t.Errorf("%q is taken for a set", name)
		}
	}
}

// TestVariable: a name that no set has leaves the best set and an error.
func TestVariable(t *testing.T) {
	if err := Err(); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"sse2", "cpu", "AVX512"} {
		if s, err := initial(name); err == nil || s != best() {
			t.Errorf("%q: %v, %v", name, s, err)
		}
	}
	for _, name := range []string{"", "auto", "portable"} {
		if _, err := initial(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestUse(t *testing.T) {
	old := Active()
	defer Use(old)
	if Use(Portable) != old || Active() != Portable {
		t.Error("Use does not switch to the portable kernels")
	}
	if !slices.Contains(Supported(), old) {
		t.Errorf("%s runs but is not supported", old)
	}
}
