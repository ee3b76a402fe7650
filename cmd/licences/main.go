// Command licences checks that every module that a build, a test or a tool of
// this project compiles comes under a licence that we may ship with. It reads
// the licence files in the module cache, prints one line per module, and exits
// 1 when a licence is missing, unknown or not on the list, 2 when the modules
// cannot be listed.
//
// A module that is in the module graph but compiles into nothing is not
// looked at: Go does not even download it.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
)

func main() {
	modules, err := compiled()
	if err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(2)
	}
	refused := 0
	for _, m := range modules {
		names, err := judge(os.DirFS(m.Dir))
		if err != nil {
			refused++
			fmt.Printf("%s %s: %v\n", m.Path, m.Version, err)
			continue
		}
		fmt.Printf("%s %s: %s\n", m.Path, m.Version, strings.Join(names, ", "))
	}
	if refused > 0 {
		fmt.Printf("licences: %d of %d modules refused: replace them, or extend the list after review\n", refused, len(modules))
		os.Exit(1)
	}
	fmt.Printf("licences: %d modules, all allowed\n", len(modules))
}

type module struct {
	Path, Version, Dir string
}

// compiled lists, in path order, this module and every other that its
// packages, their tests or its tools are compiled from.
func compiled() ([]module, error) {
	found := map[string]module{}
	for _, args := range [][]string{{"-test", "./..."}, {"tool"}} {
		out, err := exec.Command("go", append([]string{"list", "-deps", "-json=Module"}, args...)...).Output()
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			return nil, fmt.Errorf("go list: %w\n%s", err, exit.Stderr)
		}
		if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		dec := json.NewDecoder(bytes.NewReader(out))
		for {
			var pkg struct{ Module *module }
			if err := dec.Decode(&pkg); err == io.EOF {
				break
			} else if err != nil {
				return nil, fmt.Errorf("go list: %w", err)
			}
			if pkg.Module != nil { // nil: standard library
				found[pkg.Module.Path] = *pkg.Module
			}
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b module) int {
		return strings.Compare(a.Path, b.Path)
	}), nil
}
