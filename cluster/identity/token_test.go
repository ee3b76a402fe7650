package identity_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zeebo/blake3"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
)

func sampleToken(t testing.TB) identity.Token {
	t.Helper()
	root := newRoot(t, "alpha", 1)
	return must(identity.NewToken("alpha", identity.Worker, identity.RootDigest(root.Root()),
		epoch.Add(10*time.Minute), []string{"10.0.0.1:7400", "[fd00::1]:7400", "voter-3.example:7400"}, seeded(5)))(t)
}

func TestTokenRoundTripAndGolden(t *testing.T) {
	const path = "testdata/token.v1.txt"
	tok := sampleToken(t)
	if updating() {
		if err := os.WriteFile(path, []byte(tok.Text()+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if golden := must(os.ReadFile(path))(t); tok.Text()+"\n" != string(golden) {
		t.Errorf("the format changed under its version: %s", tok.Text())
	}
	back := must(identity.ParseToken(tok.Text()))(t)
	if back.Text() != tok.Text() || back.ID != tok.ID || back.Secret != tok.Secret ||
		!back.Expires.Equal(tok.Expires) || !slices.Equal(back.Seeds, tok.Seeds) || back.Root != tok.Root {
		t.Errorf("%+v came back as %+v", tok, back)
	}
	if must(identity.ParseTokenID(tok.ID.String()))(t) != tok.ID {
		t.Error("the ID changed")
	}
	if !back.Matches(tok.SecretHash()) {
		t.Error("the secret does not match its hash")
	}
	other := tok
	other.ID[0] ^= 1
	if other.Matches(tok.SecretHash()) {
		t.Error("the secret serves under another ID")
	}
	if err := tok.CheckTime(tok.Expires.Add(-time.Millisecond)); err != nil {
		t.Error(err)
	}
	if err := tok.CheckTime(tok.Expires); !fault.Is(err, fault.CodeTokenExpired) {
		t.Errorf("at its end: %v", err)
	}
}

// payload is what stands between the prefix and the checksum.
func payload(t testing.TB, text string) []byte {
	b := must(base64.RawURLEncoding.DecodeString(strings.TrimPrefix(text, "rpp1.")))(t)
	return b[:len(b)-8]
}

func resummed(b []byte) string {
	sum := blake3.Sum256(append([]byte("rpp1."), b...))
	return "rpp1." + base64.RawURLEncoding.EncodeToString(append(slices.Clone(b), sum[:8]...))
}

func TestTokenErrorsNameWhatIsWrong(t *testing.T) {
	text := sampleToken(t).Text()
	body := payload(t, text)
	const role, seeds = 1 + 5 + 16, 1 + 5 + 16 + 1 + 32 + 8 + 32
	with := func(change func(b []byte) []byte) string { return resummed(change(slices.Clone(body))) }
	for _, c := range []struct{ name, text, says string }{
		{"empty", "", `begin with "rpp1."`},
		{"other version", "rpp2." + text[5:], `begin with "rpp1."`},
		{"line break", text[:40] + "\n" + text[40:], "character 41"},
		{"blank at the end", text + " ", "one line"},
		{"padding", text + "=", "one line"},
		{"last character lost", text[:len(text)-1], ""},
		{"half lost", text[:len(text)/2], ""},
		{"only the prefix", "rpp1.", "incomplete"},
		{"one character changed", strings.Replace(text, text[30:31], map[bool]string{true: "A", false: "B"}[text[30] != 'A'], 1), "checksum"},
		{"too long", "rpp1." + strings.Repeat("A", identity.MaxTokenBytes), "longer than"},
		{"cluster", with(func(b []byte) []byte { b[1] = 'A'; return b }), "cluster ID"},
		{"role 0", with(func(b []byte) []byte { b[role] = 0; return b }), "role"},
		{"role 6", with(func(b []byte) []byte { b[role] = 6; return b }), "role"},
		{"expiry", with(func(b []byte) []byte { b[role+1+32+7] = 0xff; return b }), "expiry"},
		{"no seeds", resummed(append(slices.Clone(body[:seeds]), 0)), "seeds: 0"},
		{"17 seeds", with(func(b []byte) []byte { b[seeds] = 17; return b }), "seeds: 17"},
		{"seed without port", resummed(append(slices.Clone(body[:seeds]), 1, 4, 'h', 'o', 's', 't')), "host:port"},
		{"seed with port 0", resummed(append(slices.Clone(body[:seeds]), 1, 3, 'h', ':', '0')), "port from 1"},
		{"seed with port 080", resummed(append(slices.Clone(body[:seeds]), 1, 5, 'h', ':', '0', '8', '0')), "port from 1"},
		{"seed without host", resummed(append(slices.Clone(body[:seeds]), 1, 2, ':', '1')), "no host"},
		{"cut in a seed", resummed(body[:len(body)-1]), "seed: incomplete"},
		{"trailing byte", resummed(append(slices.Clone(body), 7)), "1 bytes follow"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tok, err := identity.ParseToken(c.text)
			if !fault.Is(err, fault.CodeToken) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, %v; want %s that says %q", tok, err, fault.CodeToken, c.says)
			}
		})
	}
	if must(identity.ParseToken(resummed(body)))(t).Text() != text {
		t.Error("the test's own checksum is not the format's")
	}
}

func TestNewTokenRefusals(t *testing.T) {
	seeds := []string{"h:1"}
	long := strings.Repeat("h", 250) + ":65535"
	for name, c := range map[string]struct {
		cluster string
		role    identity.Role
		expires time.Time
		seeds   []string
	}{
		"cluster":       {"", identity.Worker, epoch, seeds},
		"role":          {"alpha", identity.Anonymous, epoch, seeds},
		"no seeds":      {"alpha", identity.Worker, epoch, nil},
		"17 seeds":      {"alpha", identity.Worker, epoch, slices.Repeat(seeds, 17)},
		"seed too long": {"alpha", identity.Worker, epoch, []string{long}},
		"year 10000":    {"alpha", identity.Worker, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), seeds},
		"before 1970":   {"alpha", identity.Worker, time.Unix(-1, 0), seeds},
	} {
		if _, err := identity.NewToken(c.cluster, c.role, [32]byte{}, c.expires, c.seeds, seeded(1)); !fault.Is(err, fault.CodeToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	big := must(identity.NewToken(strings.Repeat("a", 63), identity.Worker, [32]byte{}, epoch, slices.Repeat([]string{long[1:]}, 16)[:11], seeded(1)))(t)
	if n := len(big.Text()); n > identity.MaxTokenBytes {
		t.Errorf("a token of %d characters, at most %d are read", n, identity.MaxTokenBytes)
	}
}

func TestTokenAsJSONKeepsItsSecret(t *testing.T) {
	tok := sampleToken(t)
	b := must(json.Marshal(tok))(t)
	if !strings.Contains(string(b), `"Secret":"[redacted]"`) {
		t.Errorf("JSON: %s", b)
	}
}

func FuzzParseToken(f *testing.F) {
	f.Add(sampleToken(f).Text())
	f.Add("rpp1.")
	f.Fuzz(func(t *testing.T, s string) {
		for _, text := range []string{s, resummed([]byte(s))} { // also past the checksum
			tok, err := identity.ParseToken(text)
			if err == nil && tok.Text() != text {
				t.Fatalf("%q is read as %q", text, tok.Text())
			}
		}
	})
}
