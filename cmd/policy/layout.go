package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"path"
	"slices"
	"strings"
)

// checkTopLevel allows nothing at the root but what topLevel lists.
func (t *tree) checkTopLevel() (found []violation) {
	for _, f := range t.files {
		name := top(f.path)
		if strings.HasPrefix(name, ".") || slices.Contains(topLevel, name) ||
			slices.ContainsFunc(found, func(v violation) bool { return v.Path == name }) {
			continue
		}
		found = append(found, violation{name, 0, "top level",
			"not a top-level folder or file of this project: move it below one"})
	}
	return found
}

// checkPackageDocs asks every package for a doc.go, or a command for a
// main.go, that says what it is for.
func (t *tree) checkPackageDocs() (found []violation) {
	documented := map[string]bool{} // by folder
	for _, s := range t.source {
		name := path.Base(s.path)
		isHome := name == "doc.go" || name == "main.go" && s.syntax.Name.Name == "main"
		documented[s.dir] = documented[s.dir] || isHome && s.syntax.Doc != nil
	}
	for dir, ok := range documented {
		if !ok {
			found = append(found, violation{dir, 0, "package doc",
				"no doc.go (main.go for a command) with a package comment: say what it is for, who calls it, which goroutines it owns, what always holds"})
		}
	}
	return found
}

// checkFileLength bounds hand-written files that are not tests.
func (t *tree) checkFileLength() (found []violation) {
	for _, s := range t.source {
		n := bytes.Count(s.data, []byte{'\n'})
		if n > maxFileLines && !s.test && !ast.IsGenerated(s.syntax) {
			found = append(found, violation{s.path, 0, "file length", fmt.Sprintf(
				"%d lines, more than %d: split it by concept", n, maxFileLines)})
		}
	}
	return found
}

// checkFormat compares every Go file with what gofmt makes of it.
func (t *tree) checkFormat() (found []violation) {
	for _, s := range t.source {
		if want, err := format.Source(s.data); err != nil || !bytes.Equal(want, s.data) {
			found = append(found, violation{s.path, 0, "format", "run gofmt -w on it"})
		}
	}
	return found
}

// checkMachinePaths refuses text files that only make sense on the machine
// they were written on.
func (t *tree) checkMachinePaths() (found []violation) {
	for _, f := range t.files {
		if bytes.IndexByte(f.data, 0) >= 0 {
			continue // binary
		}
		line := 0
		for text := range bytes.Lines(f.data) {
			line++
			if m := machinePath.FindSubmatch(text); m != nil {
				found = append(found, violation{f.path, line, "machine path", fmt.Sprintf(
					"names %s: use a path relative to the root of the project", m[1])})
			}
		}
	}
	return found
}

// checkLinks follows the relative links of the documentation.
func (t *tree) checkLinks() (found []violation) {
	for _, f := range t.files {
		if path.Ext(f.path) != ".md" {
			continue
		}
		line := 0
		for text := range bytes.Lines(f.data) {
			line++
			for _, m := range relativeLink.FindAllSubmatch(text, -1) {
				target := path.Join(path.Dir(f.path), string(m[1]))
				if !slices.ContainsFunc(t.files, func(f file) bool { return within(f.path, target) }) {
					found = append(found, violation{f.path, line, "links", fmt.Sprintf(
						"links to %s, which is not there", target)})
				}
			}
		}
	}
	return found
}
