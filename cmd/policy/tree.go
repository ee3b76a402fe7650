package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A tree is the set of files under judgement, read once.
type tree struct {
	module string // module path, from go.mod
	files  []file // in path order
	source []*source
}

type file struct {
	path string
	data []byte
}

// source is a Go file that belongs to a package (files below testdata do not).
// Build constraints are ignored: a rule holds on every platform.
type source struct {
	file
	dir     string
	test    bool
	syntax  *ast.File
	fset    *token.FileSet
	imports []importSpec
}

type importSpec struct {
	path string // as written
	own  string // folder in this module, "" for anybody else's package
	name string // identifier that the file uses for it, "." and "_" included
	line int
}

// loadTracked reads what git tracks below root, or, where there is no
// repository, every file (a source archive has no others).
func loadTracked(root string) (*tree, error) {
	fsys := os.DirFS(root)
	// The test cache only notices files that this process looked at; git reads
	// its index in another one.
	_, err := fs.Stat(fsys, ".git/index")
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := fs.Stat(fsys, ".git"); errors.Is(err, fs.ErrNotExist) {
			return loadAll(fsys)
		}
	}
	out, err := exec.Command("git", "-C", root, "ls-files", "-z").Output()
	if err != nil {
		return nil, fmt.Errorf("git ls-files in %s: %w", root, err)
	}
	return load(fsys, strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"))
}

// loadAll reads every file of fsys.
func loadAll(fsys fs.FS) (*tree, error) {
	var names []string
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return load(fsys, names)
}

func load(fsys fs.FS, names []string) (*tree, error) {
	t := &tree{}
	slices.Sort(names)
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // tracked, and deleted in the work tree
		}
		if err != nil {
			return nil, err
		}
		t.files = append(t.files, file{name, data})
		if name == "go.mod" {
			t.module = modulePath(data)
		}
	}
	if t.module == "" {
		return nil, errors.New("no go.mod with a module line: run from the root of the module")
	}
	for _, f := range t.files {
		if path.Ext(f.path) != ".go" || slices.Contains(strings.Split(f.path, "/"), "testdata") {
			continue
		}
		s, err := t.parse(f)
		if err != nil {
			return nil, err
		}
		t.source = append(t.source, s)
	}
	return t, nil
}

func modulePath(goMod []byte) string {
	for line := range bytes.Lines(goMod) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(string(line)), "module "); ok {
			return strings.TrimSpace(name)
		}
	}
	return ""
}

func (t *tree) parse(f file) (*source, error) {
	s := &source{
		file: f,
		dir:  path.Dir(f.path),
		test: strings.HasSuffix(f.path, "_test.go"),
		fset: token.NewFileSet(),
	}
	var err error
	s.syntax, err = parser.ParseFile(s.fset, f.path, f.data, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	for _, spec := range s.syntax.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: import %s: %w", f.path, spec.Path.Value, err)
		}
		imp := importSpec{path: p, name: baseName(p), line: s.line(spec)}
		if spec.Name != nil {
			imp.name = spec.Name.Name
		}
		if rest, ok := strings.CutPrefix(p, t.module+"/"); ok {
			imp.own = rest
		}
		s.imports = append(s.imports, imp)
	}
	return s, nil
}

// baseName guesses the package name from its path, which is exact for the
// standard library: the last element that is not a major version.
func baseName(importPath string) string {
	base := path.Base(importPath)
	if len(base) > 1 && base[0] == 'v' && strings.Trim(base[1:], "0123456789") == "" {
		base = path.Base(path.Dir(importPath))
	}
	return base
}

func (s *source) line(n ast.Node) int { return s.fset.Position(n.Pos()).Line }

// within reports whether the slash-separated name is folder or lies below it.
func within(name, folder string) bool {
	return name == folder || strings.HasPrefix(name, folder+"/")
}

func withinAny(name string, folders []string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return within(name, f) })
}

// top returns the first element of a path.
func top(name string) string {
	first, _, _ := strings.Cut(name, "/")
	return first
}
