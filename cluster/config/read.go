package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// MaxBytes bounds a configuration file.
const MaxBytes = 1 << 20

// Error says which key is wrong, why, and what to write.
type Error struct {
	Key  string // such as listen.api; empty if the file is no TOML
	Why  string
	Line int // 0 if unknown
}

func (e *Error) Error() string {
	s := "configuration"
	if e.Line > 0 {
		s += fmt.Sprintf(", line %d", e.Line)
	}
	if e.Key != "" {
		s += ": " + e.Key
	}
	return s + ": " + e.Why
}

// Read reads a file over the defaults and checks the whole.
func Read(r io.Reader) (Config, error) {
	c := Default()
	b, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return c, err
	}
	if len(b) > MaxBytes {
		return c, &Error{Why: fmt.Sprintf("more than %d bytes: not a configuration file", MaxBytes)}
	}
	d := toml.NewDecoder(bytes.NewReader(b)).DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return c, explain(err)
	}
	return c, c.Check()
}

// explain turns the decoder's errors into ours.
func explain(err error) error {
	var unknown *toml.StrictMissingError
	if errors.As(err, &unknown) && len(unknown.Errors) > 0 {
		first := unknown.Errors[0]
		line, _ := first.Position()
		return &Error{Key: strings.Join(first.Key(), "."), Why: "unknown key; 'rpp-node init --help' names the keys, docs/configuration.md describes them", Line: line}
	}
	var bad *toml.DecodeError
	if errors.As(err, &bad) {
		line, _ := bad.Position()
		return &Error{Key: strings.Join(bad.Key(), "."), Why: bad.Error(), Line: line}
	}
	return &Error{Why: err.Error()}
}

// Write writes the configuration with a comment on every key.
func (c Config) Write(w io.Writer) error {
	e := toml.NewEncoder(w)
	e.SetIndentTables(false)
	return e.Encode(c)
}
