package main

import (
	"bytes"
	"encoding"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"rpp-node/cluster/config"
)

// Every key, given what it cannot be, ends every command that reads it with exit code 2 and
// its name.
func TestEveryConfigurationErrorNamesItsKey(t *testing.T) {
	commands := []string{"start", "init", "worker", "preflight"}
	if testing.Short() {
		commands = commands[:1]
	}
	keys := 0
	file := filepath.Join(t.TempDir(), "wrong.toml")
	c := reflect.TypeFor[config.Config]()
	for i := range c.NumField() {
		section := c.Field(i)
		for j := range section.Type.NumField() {
			f := section.Type.Field(j)
			key := section.Tag.Get("toml") + "." + f.Tag.Get("toml")
			text := fmt.Sprintf("[%s]\n%s = %s\n", section.Tag.Get("toml"), f.Tag.Get("toml"), notA(f.Type))
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, command := range commands {
				var out, errs bytes.Buffer
				exit := run([]string{command, "--config", file, "--data", filepath.Join(t.TempDir(), "none")}, &env{out: &out, err: &errs})
				if exit != exitUsage || !strings.Contains(errs.String(), "E215-configuration: ") || !strings.Contains(errs.String(), key+": ") {
					t.Errorf("%s with %s: exit code %d, want %d and the key: %s", command, strings.ReplaceAll(text, "\n", " "), exit, exitUsage, errs.String())
				}
			}
			keys++
		}
	}
	if keys < 30 {
		t.Errorf("%d keys found", keys)
	}
}

// notA writes a value that a field of the type cannot have.
func notA(t reflect.Type) string {
	_, text := reflect.New(t).Interface().(encoding.TextUnmarshaler)
	if t.Kind() == reflect.String && !text {
		return "1"
	}
	return "'many'"
}
