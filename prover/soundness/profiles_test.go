package soundness

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"rpp-node/prover/field"
)

// Keys name profiles, so a name's figures are frozen: degree, blow-up, queries, grinding,
// arity, cap, final polynomial, commit grinding.
func TestProfileFigures(t *testing.T) {
	want := []string{
		"production 5/2/92/20/3/0/0/0",
		"production-fast 5/1/188/20/3/0/0/0",
		"fast 4/1/84/16/3/0/0/0",
		"bench 4/1/100/16/3/3/0/0",
	}
	var got []string
	for _, p := range Profiles() {
		got = append(got, fmt.Sprintf("%s %d/%d/%d/%d/%d/%d/%d/%d", p.Name, p.Degree, p.LogBlowup, p.NumQueries,
			p.QueryPoWBits, p.MaxLogArity, p.CapHeight, p.LogFinalPolyLen, p.CommitPoWBits))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestProfileByName(t *testing.T) {
	for _, want := range Profiles() {
		if got, err := ProfileByName(want.Name); err != nil || got != want {
			t.Errorf("%s: %+v, %v", want.Name, got, err)
		}
	}
	_, err := ProfileByName("Production")
	var input *InputError
	if !errors.As(err, &input) || !strings.Contains(err.Error(), "production, production-fast, fast, bench") {
		t.Errorf("got %v", err)
	}
}

// The list is a copy: a caller cannot change what a name means.
func TestProfilesIsACopy(t *testing.T) {
	Profiles()[0].NumQueries = 1
	if p, _ := ProfileByName("production"); p.NumQueries != 92 {
		t.Errorf("production now has %d queries", p.NumQueries)
	}
}

// A profile over a modulus that is none is refused, not analysed.
func TestProfileParams(t *testing.T) {
	p := Profile{"x", 5, 2, 3, 4, 5, 6, 7, 8}.Params(field.KoalaBear.Modulus())
	want := Params{ExtensionBits(field.KoalaBear.Modulus(), 5, Exact), 2, 3, 4, 5, 6, 8, ClaimCap}
	if p != want {
		t.Errorf("got %+v, want %+v", p, want)
	}
	if _, err := Analyse(Profiles()[0].Params(0), tableShape(18, 1200)); err == nil {
		t.Error("modulus 0 is accepted")
	}
}
