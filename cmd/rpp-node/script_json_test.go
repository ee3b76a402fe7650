package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptJSON checks that a file is one JSON value and has paths: keys and indices joined
// by dots. With =VALUE, the value there must print so.
func scriptJSON(ts *testscript.TestScript, neg bool, args []string) {
	synopsis(ts, !neg && len(args) >= 1, "json FILE PATH[=VALUE]...")
	root := readJSON(ts, args[0])
	for _, a := range args[1:] {
		path, want, compare := strings.Cut(a, "=")
		_, got, err := lookUp(root, path)
		ts.Check(err)
		if compare && fmt.Sprint(got) != want {
			ts.Fatalf("%s is %v, want %s", path, got, want)
		}
	}
}

// scriptEdit replaces the value at a path of a JSON file.
func scriptEdit(ts *testscript.TestScript, neg bool, args []string) {
	synopsis(ts, !neg && len(args) == 2, "edit FILE PATH=JSON")
	path, text, ok := strings.Cut(args[1], "=")
	synopsis(ts, ok, "edit FILE PATH=JSON")
	root := readJSON(ts, args[0])
	set, _, err := lookUp(root, path)
	ts.Check(err)
	set(json.RawMessage(text))
	b, err := json.Marshal(root)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o644))
}

func readJSON(ts *testscript.TestScript, name string) (root any) {
	d := json.NewDecoder(strings.NewReader(ts.ReadFile(name)))
	d.UseNumber()
	ts.Check(d.Decode(&root))
	if rest, _ := io.ReadAll(d.Buffered()); len(bytes.TrimSpace(rest)) > 0 {
		ts.Fatalf("%s: %q follows the JSON value", name, rest)
	}
	return root
}

// lookUp finds the value at a path and how to replace it.
func lookUp(root any, path string) (set func(any), got any, err error) {
	got = root
	for _, step := range strings.Split(path, ".") {
		switch in := got.(type) {
		case map[string]any:
			v, ok := in[step]
			if !ok {
				return nil, nil, fmt.Errorf("%s: no key %q", path, step)
			}
			set, got = func(v any) { in[step] = v }, v
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(in) {
				return nil, nil, fmt.Errorf("%s: no element %q of %d", path, step, len(in))
			}
			set, got = func(v any) { in[i] = v }, in[i]
		default:
			return nil, nil, fmt.Errorf("%s: nothing below %v at %q", path, got, step)
		}
	}
	return set, got, nil
}
