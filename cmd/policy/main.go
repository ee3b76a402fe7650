// Command policy checks the house rules that neither the compiler nor vet
// knows: which package may import which, where each third party lives, what
// pure code may not touch, what stands at the top of the tree. It prints one
// line per violation and exits 1 when there is one, 2 when the tree cannot be
// read.
//
// The rules are data (rules.go); tree.go reads the tracked files, and each of
// imports.go, purity.go and layout.go turns one kind of rule into violations.
// `make lint` runs the command and TestTree runs the same checks, so a plain
// `go test ./...` catches what CI would.
package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
)

func main() {
	root := "."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	t, err := loadTracked(root)
	if err != nil {
		fmt.Fprintln(os.Stderr, "policy:", err)
		os.Exit(2)
	}
	found := t.check()
	for _, v := range found {
		fmt.Println(v)
	}
	if len(found) > 0 {
		os.Exit(1)
	}
}

// A violation is one broken rule at one place. Text says what is wrong and
// what to do instead.
type violation struct {
	Path string
	Line int // 1-based; 0 when the whole file or folder is meant
	Rule string
	Text string
}

func (v violation) String() string {
	if v.Line == 0 {
		return fmt.Sprintf("%s: %s (%s)", v.Path, v.Text, v.Rule)
	}
	return fmt.Sprintf("%s:%d: %s (%s)", v.Path, v.Line, v.Text, v.Rule)
}

// check applies every rule and returns the violations in path order.
func (t *tree) check() []violation {
	found := slices.Concat(
		t.checkLayers(),
		t.checkVerifier(),
		t.checkHomes(),
		t.checkPurity(),
		t.checkExits(),
		t.checkTestOnly(),
		t.checkAssembler(),
		t.checkTopLevel(),
		t.checkPackageDocs(),
		t.checkFileLength(),
		t.checkFormat(),
		t.checkMachinePaths(),
		t.checkLinks(),
	)
	slices.SortStableFunc(found, func(a, b violation) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line))
	})
	return found
}
