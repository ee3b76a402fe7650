package identity

import (
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/zeebo/blake3"

	"rpp-node/cluster/fault"
)

// TokenID names a join token in the replicated state; it is no secret.
type TokenID [16]byte

func (id TokenID) String() string { return hex.EncodeToString(id[:]) }

// ParseTokenID reads what String prints.
func ParseTokenID(s string) (id TokenID, err error) {
	if !parseHex(id[:], s) {
		return TokenID{}, fault.New(fault.CodeField, "token ID: want 32 lower-case hexadecimal digits")
	}
	return id, nil
}

// Token lets its holder join a cluster once. Role and expiry only tell the holder what to
// expect: what counts is what the cluster has recorded under the ID, next to SecretHash.
type Token struct {
	Cluster string
	ID      TokenID
	Role    Role
	Root    [32]byte // RootDigest: who answers must be of this cluster
	Expires time.Time
	Secret  Secret
	Seeds   []string // host:port of nodes to ask
}

// NewToken draws the ID and the secret of a token.
func NewToken(cluster string, role Role, root [32]byte, expires time.Time, seeds []string, rand io.Reader) (Token, error) {
	t := Token{Cluster: cluster, Role: role, Root: root, Expires: expires.UTC().Truncate(time.Millisecond), Seeds: seeds}
	for _, b := range [][]byte{t.ID[:], t.Secret[:]} {
		if _, err := io.ReadFull(rand, b); err != nil {
			return Token{}, fmt.Errorf("random numbers: %w", err)
		}
	}
	if err := t.check(); err != nil {
		return Token{}, err
	}
	return t, nil
}

func (t Token) check() error {
	if err := CheckCluster(t.Cluster); err != nil {
		return badToken("%w", err)
	}
	if !t.Role.known() {
		return badToken("role: unknown number %d", uint8(t.Role))
	}
	if ms := t.Expires.UnixMilli(); ms < 0 || ms > tokenExpiresMax {
		return badToken("expiry: out of range")
	}
	if len(t.Seeds) == 0 || len(t.Seeds) > maxSeedCount {
		return badToken("seeds: %d addresses, want 1 to %d", len(t.Seeds), maxSeedCount)
	}
	for _, s := range t.Seeds {
		if err := checkSeed(s); err != nil {
			return err
		}
	}
	return nil
}

// tokenExpiresMax is the last millisecond of the year 9999, which times can be printed to.
const tokenExpiresMax = 253402300799999

func checkSeed(s string) error {
	if len(s) > maxSeedBytes {
		return badToken("seed: longer than %d bytes", maxSeedBytes)
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return badToken("seed %q: want host:port", s)
	}
	if host == "" || strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`/\@"'`, r) }) {
		return badToken("seed %q: no host", s)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
		return badToken("seed %q: want a port from 1 to 65535", s)
	}
	return nil
}

// SecretHash is what the cluster keeps of the secret.
func (t Token) SecretHash() [32]byte {
	h := blake3.New()
	h.WriteString("rpp-token-secret-1")
	h.Write(t.ID[:])
	h.Write(t.Secret[:])
	return [32]byte(h.Sum(nil))
}

// Matches says, in constant time, whether the cluster has recorded this token's secret.
func (t Token) Matches(secretHash [32]byte) bool {
	own := t.SecretHash()
	return subtle.ConstantTimeCompare(own[:], secretHash[:]) == 1
}

// CheckTime refuses a token that has expired.
func (t Token) CheckTime(now time.Time) error {
	if now.Before(t.Expires) {
		return nil
	}
	return fault.New(fault.CodeTokenExpired, "the join token expired at %s", t.Expires.Format(time.RFC3339))
}

func badToken(format string, args ...any) error {
	return fault.New(fault.CodeToken, "join token: "+format, args...)
}
