package identity

import (
	"strings"
	"testing"
)

const someID = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

func TestParseName(t *testing.T) {
	for _, good := range []string{
		"rpp://alpha/voter/" + someID,
		"rpp://a-1/worker/" + someID,
		"rpp://alpha/validator/" + someID + "?tenant=acme.eu_1-x",
		"rpp://alpha/root/" + someID,
		"rpp://alpha/issuer/" + someID,
	} {
		n, err := parseName(good)
		if err != nil || n.String() != good || n.url().String() != good {
			t.Errorf("%s: %v, back as %s", good, err, n)
		}
	}
	for what, bad := range map[string]string{
		"empty":               "",
		"scheme":              "spiffe://alpha/voter/" + someID,
		"upper-case scheme":   "RPP://alpha/voter/" + someID,
		"no cluster":          "rpp:///voter/" + someID,
		"upper-case cluster":  "rpp://Alpha/voter/" + someID,
		"cluster with port":   "rpp://alpha:1/voter/" + someID,
		"user":                "rpp://me@alpha/voter/" + someID,
		"hyphen first":        "rpp://-alpha/voter/" + someID,
		"long cluster":        "rpp://" + strings.Repeat("a", 64) + "/voter/" + someID,
		"unknown role":        "rpp://alpha/king/" + someID,
		"anonymous":           "rpp://alpha/anonymous/" + someID,
		"escaped role":        "rpp://alpha/%76oter/" + someID,
		"no ID":               "rpp://alpha/voter",
		"short ID":            "rpp://alpha/voter/" + someID[1:],
		"upper-case ID":       "rpp://alpha/voter/" + strings.ToUpper(someID),
		"trailing slash":      "rpp://alpha/voter/" + someID + "/",
		"fragment":            "rpp://alpha/voter/" + someID + "#x",
		"node with tenant":    "rpp://alpha/voter/" + someID + "?tenant=acme",
		"tenant missing":      "rpp://alpha/validator/" + someID,
		"tenant empty":        "rpp://alpha/validator/" + someID + "?tenant=",
		"two tenants":         "rpp://alpha/validator/" + someID + "?tenant=a&tenant=b",
		"other query":         "rpp://alpha/validator/" + someID + "?role=operator",
		"empty query":         "rpp://alpha/voter/" + someID + "?",
		"long tenant":         "rpp://alpha/validator/" + someID + "?tenant=" + strings.Repeat("a", 65),
		"longer than allowed": "rpp://alpha/voter/" + strings.Repeat("0", 600),
	} {
		if n, err := parseName(bad); err == nil {
			t.Errorf("%s: %s was read as %+v", what, bad, n)
		}
	}
}

func FuzzParseName(f *testing.F) {
	f.Add("rpp://alpha/voter/" + someID)
	f.Add("rpp://alpha/validator/" + someID + "?tenant=acme")
	f.Fuzz(func(t *testing.T, s string) {
		n, err := parseName(s)
		if err != nil {
			return
		}
		if n.String() != s || n.url().String() != s {
			t.Fatalf("%q is read as %q", s, n)
		}
	})
}
