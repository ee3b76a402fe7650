package identity

import (
	"fmt"
	"log/slog"
)

const redacted = "[redacted]"

// Secret is 256 random bits that no log, error or JSON shows by accident.
type Secret [32]byte

// String, and what follows, print nothing of a secret, whatever the verb or the encoder.
func (Secret) String() string               { return redacted }
func (Secret) Format(f fmt.State, _ rune)   { fmt.Fprint(f, redacted) }
func (Secret) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
