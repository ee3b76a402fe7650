package vectors

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// files lists every vector.
func files(t *testing.T) (out []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(Path(t, ".")), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, name)
		}
		return err
	})
	if err != nil || len(out) == 0 {
		t.Fatalf("%d vectors (%v)", len(out), err)
	}
	return out
}

// tests lists the test functions of a package.
func tests(t *testing.T, pkg string) map[string]bool {
	t.Helper()
	root := filepath.Dir(filepath.Dir(filepath.Dir(Path(t, "."))))
	sources, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pkg), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, name := range sources {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				out[f.Name.Name] = true
			}
		}
	}
	return out
}

// TestEveryVectorIsTested: tested.txt names a test for every file, or out_of_scope.txt a
// reason why there is none; both name only what exists.
func TestEveryVectorIsTested(t *testing.T) {
	all := files(t)
	covered := map[string]bool{}
	match := func(pattern string) {
		t.Helper()
		hits := 0
		for _, f := range all {
			ok, err := path.Match(pattern, f)
			if err != nil {
				t.Fatalf("%q: %v", pattern, err)
			}
			if ok {
				hits++
				covered[f] = true
			}
		}
		if hits == 0 {
			t.Errorf("%q is no vector", pattern)
		}
	}
	known := map[string]map[string]bool{}
	for _, l := range lines(t, "tested.txt", 3) {
		match(l[0])
		if known[l[1]] == nil {
			known[l[1]] = tests(t, l[1])
		}
		if !known[l[1]][l[2]] {
			t.Errorf("tested.txt: %s: package %s has no %s", l[0], l[1], l[2])
		}
	}
	for _, l := range lines(t, "out_of_scope.txt", 3) {
		if l[1] == "*" {
			match(l[0])
		} else if _, err := os.Stat(Path(t, l[0])); err != nil {
			t.Errorf("out_of_scope.txt: %v", err)
		}
	}
	for _, f := range all {
		if !covered[f] {
			t.Errorf("%s: no test reads it: name one in tested.txt, or a reason in out_of_scope.txt", f)
		}
	}
}

// TestIndexesAreComplete: tests walk batch2 and batch2/negative by their indexes, and the
// older folders by their JSON files; nothing lies beside those.
func TestIndexesAreComplete(t *testing.T) {
	reached := map[string]bool{"batch2/index.json": true, "batch2/negative/negative.json": true}
	var index []struct{ Name, Instance, Tables string }
	JSON(t, "batch2/index.json", &index)
	for _, v := range index {
		for _, end := range []string{".bin", ".json", ".circuit.json"} {
			reached["batch2/"+v.Name+end] = true
		}
		reached["batch2/"+v.Instance], reached["batch2/"+v.Tables] = true, true
	}
	var negative []struct{ Proof, Circuit, Instance string }
	JSON(t, "batch2/negative/negative.json", &negative)
	for _, v := range negative {
		for _, name := range []string{v.Proof, v.Circuit, v.Instance} {
			reached["batch2/"+name] = true
		}
	}
	for _, folder := range []string{"batch", "proofs"} {
		for _, name := range Glob(t, folder+"/*.json") {
			reached[name], reached[strings.TrimSuffix(name, "json")+"bin"] = true, true
		}
	}
	for _, f := range files(t) {
		folder := path.Dir(f)
		if walked := folder == "batch" || folder == "proofs" || strings.HasPrefix(folder, "batch2") && folder != "batch2/misc"; walked && !reached[f] {
			t.Errorf("%s: not in the index that the tests walk", f)
		}
	}
}
