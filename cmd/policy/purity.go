package main

import (
	"fmt"
	"go/ast"
	"slices"
)

// checkPurity keeps clock, randomness, network and disk out of the pure
// folders.
func (t *tree) checkPurity() (found []violation) {
	for _, s := range t.source {
		if s.test || !withinAny(s.dir, pureFolders) {
			continue
		}
		for _, imp := range s.imports {
			switch {
			case imp.path == "time" && within(s.dir, "prover") && !excepted(timeImporters, s.dir, imp.path):
				found = append(found, violation{s.path, imp.line, "purity",
					"prover measures nothing by itself: let the caller pass a clock, or list the package in timeImporters"})
			case withinAny(imp.path, impureImports) && !excepted(purityExceptions, s.dir, imp.path):
				found = append(found, violation{s.path, imp.line, "purity", fmt.Sprintf(
					"%s is pure, %s is not: take what it gives as an argument", top(s.dir), imp.path)})
			}
		}
		for _, use := range s.uses("time", clockReads) {
			found = append(found, violation{s.path, use.line, "purity", fmt.Sprintf(
				"time.%s in a pure package: take the time as an argument", use.name)})
		}
	}
	return found
}

// checkExits leaves the end of the process to main packages.
func (t *tree) checkExits() (found []violation) {
	for _, s := range t.source {
		if s.test || top(s.dir) == "cmd" {
			continue
		}
		for pkg, names := range processExits {
			for _, use := range s.uses(pkg, names) {
				found = append(found, violation{s.path, use.line, "exits", fmt.Sprintf(
					"%s.%s outside cmd: return an error", pkg, use.name)})
			}
		}
	}
	return found
}

type use struct {
	name string
	line int
}

// uses finds where the file names one of the given members of a package,
// under whatever name it imports it. A dot import hides the members, so it
// counts as a use by itself; a local variable named like the package is not
// told apart from it.
func (s *source) uses(importPath string, members []string) (found []use) {
	for _, imp := range s.imports {
		if imp.path != importPath {
			continue
		}
		if imp.name == "." {
			found = append(found, use{"(dot import)", imp.line})
			continue
		}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := sel.X.(*ast.Ident)
			if ok && x.Name == imp.name && slices.Contains(members, sel.Sel.Name) {
				found = append(found, use{sel.Sel.Name, s.line(sel)})
			}
			return true
		})
	}
	return found
}
