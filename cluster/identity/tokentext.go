package identity

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"github.com/zeebo/blake3"
)

// tokenPrefix says what the text is, and the version of the format. Its bytes are shown
// in docs/formats/join-token.md.
const (
	tokenPrefix   = "rpp1."
	tokenSumBytes = 8
)

// Text is the token as it is handed over: the one way to see its secret.
func (t Token) Text() string {
	var b []byte
	appendText := func(s string) { b = append(append(b, byte(len(s))), s...) }
	appendText(t.Cluster)
	b = append(b, t.ID[:]...)
	b = append(b, byte(t.Role))
	b = append(b, t.Root[:]...)
	b = binary.LittleEndian.AppendUint64(b, uint64(t.Expires.UnixMilli()))
	b = append(b, t.Secret[:]...)
	b = append(b, byte(len(t.Seeds)))
	for _, s := range t.Seeds {
		appendText(s)
	}
	b = append(b, tokenSum(b)...)
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(b)
}

// tokenSum finds what copying broke. Forging is what the secret is against.
func tokenSum(payload []byte) []byte {
	sum := blake3.Sum256(append([]byte(tokenPrefix), payload...))
	return sum[:tokenSumBytes]
}

// ParseToken reads what Text wrote.
func ParseToken(s string) (Token, error) {
	if len(s) > MaxTokenBytes {
		return Token{}, badToken("longer than %d characters", MaxTokenBytes)
	}
	payload, ok := strings.CutPrefix(s, tokenPrefix)
	if !ok {
		return Token{}, badToken("does not begin with %q", tokenPrefix)
	}
	if i := strings.IndexFunc(payload, func(r rune) bool { return !isBase64URL(r) }); i >= 0 {
		return Token{}, badToken("character %d is not one of A-Z, a-z, 0-9, '-' and '_': copy it as one line", len(tokenPrefix)+i+1)
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(payload)
	if err != nil || len(b) < tokenSumBytes {
		return Token{}, badToken("incomplete: copy it whole")
	}
	body, sum := b[:len(b)-tokenSumBytes], b[len(b)-tokenSumBytes:]
	if !slices.Equal(sum, tokenSum(body)) {
		return Token{}, badToken("its checksum is wrong: a character was lost or changed")
	}
	r := tokenReader{rest: body}
	var t Token
	t.Cluster = r.text("cluster")
	copy(t.ID[:], r.bytes("ID", len(t.ID)))
	t.Role = Role(r.count("role"))
	copy(t.Root[:], r.bytes("root", len(t.Root)))
	if ms := r.bytes("expiry", 8); ms != nil {
		// A number too large turns negative, which check refuses.
		t.Expires = time.UnixMilli(int64(binary.LittleEndian.Uint64(ms))).UTC()
	}
	copy(t.Secret[:], r.bytes("secret", len(t.Secret)))
	seeds := r.count("seeds")
	if r.err == nil && seeds > maxSeedCount {
		return Token{}, badToken("seeds: %d addresses, want 1 to %d", seeds, maxSeedCount)
	}
	for range seeds {
		t.Seeds = append(t.Seeds, r.text("seed"))
	}
	if r.err != nil {
		return Token{}, r.err
	}
	if len(r.rest) > 0 {
		return Token{}, badToken("%d bytes follow its end", len(r.rest))
	}
	if err := t.check(); err != nil {
		return Token{}, err
	}
	return t, nil
}

func isBase64URL(r rune) bool {
	return r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_'
}

// tokenReader takes fields off the front of a payload. After an error it reads nothing.
type tokenReader struct {
	rest []byte
	err  error
}

func (r *tokenReader) bytes(field string, n int) []byte {
	if r.err == nil && len(r.rest) < n {
		r.err = badToken("%s: incomplete", field)
	}
	if r.err != nil {
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *tokenReader) count(field string) int {
	if b := r.bytes(field, 1); b != nil {
		return int(b[0])
	}
	return 0
}

func (r *tokenReader) text(field string) string {
	return string(r.bytes(field, r.count(field)))
}
