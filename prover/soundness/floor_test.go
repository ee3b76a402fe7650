package soundness

import (
	"errors"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestFloorOfTheProfiles(t *testing.T) {
	accepted := map[string]bool{"production": true, "production-fast": true, "fast": false, "bench": false}
	for _, pr := range Profiles() {
		for _, logHeight := range []int{10, 16, 18, 20} {
			for _, functions := range []int{1200, 2400} {
				r := analyse(t, tableParams(t, pr.Name, Exact), tableShape(logHeight, functions))
				if err := CheckFloor(r, DefaultFloor); (err == nil) != accepted[pr.Name] {
					t.Errorf("%s, 2^%d rows, %d functions: %v", pr.Name, logHeight, functions, err)
				}
				if err := CheckFloor(r, 0); err != nil {
					t.Errorf("%s: a floor of 0 refuses: %v", pr.Name, err)
				}
			}
		}
	}
}

// The floor looks at what is proven, however high the conjectured figure is.
func TestFloorIgnoresTheConjecture(t *testing.T) {
	p := tableParams(t, "production", Exact)
	p.NumQueries = 70
	r := analyse(t, p, tableShape(18, 1200))
	if r.Conjectured.Bits() < DefaultFloor {
		t.Fatalf("conjectured %g: the case shows nothing", r.Conjectured.Bits())
	}
	if CheckFloor(r, DefaultFloor) == nil {
		t.Error("accepted")
	}
}

func TestFloorIsInclusive(t *testing.T) {
	r := analyse(t, tableParams(t, "production", Exact), tableShape(18, 1200))
	at := r.Proven().Bits()
	if err := CheckFloor(r, at); err != nil {
		t.Error(err)
	}
	if CheckFloor(r, math.Nextafter(at, 200)) == nil {
		t.Error("a floor just above is accepted")
	}
}

func TestBelowFloorError(t *testing.T) {
	r := analyse(t, tableParams(t, "fast", BitLength), tableShape(18, 1200))
	err := CheckFloor(r, DefaultFloor)
	var below *BelowFloorError
	if !errors.As(err, &below) {
		t.Fatalf("got %v", err)
	}
	if below.Floor != DefaultFloor || below.Attained.Regime != Johnson || below.Attained.M != 151 ||
		below.Attained.Binding().Source != Query || !near(below.Attained.Bits(), 57.6, 0.05) {
		t.Errorf("%+v", below)
	}
	for _, part := range []string{"57.59 proven bits", "Johnson, m = 151", "bound by query", "floor of 100"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in %q", part, err)
		}
	}
}

// Over the quartic field no number of queries reaches 100 bits, and the remedy says so
// instead of asking for queries.
func TestRemedyField(t *testing.T) {
	r := analyse(t, tableParams(t, "fast", Exact), tableShape(18, 1200))
	if got := CheckFloor(r, DefaultFloor).Error(); !strings.Contains(got, "higher degree") ||
		!strings.Contains(got, "bound by batch") || strings.Contains(got, "num_queries") {
		t.Error(got)
	}
}

// The number of queries named reaches the floor, and one fewer does not.
func TestRemedyQueries(t *testing.T) {
	p, s := tableParams(t, "production", Exact), tableShape(20, 1200)
	const floor = 108
	m := regexp.MustCompile(`raise num_queries from 92 to (\d+)$`).FindStringSubmatch(CheckFloor(analyse(t, p, s), floor).Error())
	if m == nil {
		t.Fatal(CheckFloor(analyse(t, p, s), floor))
	}
	queries, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	p.NumQueries = queries
	if err := CheckFloor(analyse(t, p, s), floor); err != nil {
		t.Error(err)
	}
	p.NumQueries = queries - 1
	if CheckFloor(analyse(t, p, s), floor) == nil {
		t.Errorf("%d queries are enough, %d were asked for", queries-1, queries)
	}
}

// 128 bits are a request that nobody can grant; the answer says what caps it.
func TestRemedyDigest(t *testing.T) {
	r := analyse(t, tableParams(t, "production", Exact), tableShape(18, 1200))
	if got := CheckFloor(r, 128).Error(); !strings.Contains(got, "cap every claim at 123.00") {
		t.Error(got)
	}
}

func TestFloorRefused(t *testing.T) {
	r := analyse(t, tableParams(t, "production", Exact), tableShape(18, 1200))
	for _, floor := range []float64{math.NaN(), -1, math.Inf(1)} {
		var input *InputError
		if err := CheckFloor(r, floor); !errors.As(err, &input) || input.Field != "security_floor" {
			t.Errorf("floor %g: %v", floor, err)
		}
	}
}
