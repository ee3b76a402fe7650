package main

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// TestTree holds the project itself to its rules.
func TestTree(t *testing.T) {
	tree, err := loadTracked("../..")
	if err != nil {
		t.Fatal(err)
	}
	if len(tree.source) == 0 {
		t.Fatal("no Go file found: the check has nothing to check")
	}
	for _, v := range tree.check() {
		t.Error(v)
	}
}

// clean is a small tree that breaks no rule, and comes close to several.
var clean = map[string]string{
	"go.mod":                          "module m\n",
	"README.md":                       "See docs/home/page, https://example.org/home/page,\n[here](docs/page.md#part), [there](docs/) and [far](https://example.org/x).\n",
	"docs/page.md":                    "Back to [the start](../README.md) or [up](#top).\n",
	".gitignore":                      "bin/\n",
	"prover/field/doc.go":             "// Package field is arithmetic.\npackage field\n",
	"prover/field/field_test.go":      "package field\n\nimport (\n\t_ \"m/prover/internal/vectors\"\n\t_ \"math/rand/v2\"\n\t_ \"os\"\n)\n",
	"prover/internal/asm/doc.go":      "// Package asm assembles.\npackage asm\n\nimport _ \"os\"\n",
	"prover/ntt/internal/gen/main.go": "// Command gen generates.\npackage main\n\nimport _ \"m/prover/internal/asm\"\n\nfunc main() {}\n",
	"prover/internal/vectors/doc.go":  "// Package vectors reads vectors.\npackage vectors\n\nimport _ \"os\"\n",
	"prover/ntt/doc.go":               "// Package ntt transforms.\npackage ntt\n\nimport _ \"github.com/consensys/gnark-crypto/field/koalabear\"\n",
	"prover/fri/doc.go":               "// Package fri folds.\npackage fri\n\nimport _ \"m/prover/field\"\n",
	"prover/verifier/doc.go":          "// Package verifier verifies.\npackage verifier\n\nimport _ \"m/prover/fri\"\n",
	"prover/verifier/v_test.go":       "package verifier\n\nimport _ \"m/prover/stark\"\n",
	"prover/stark/doc.go":             "// Package stark proves.\npackage stark\n\nimport _ \"m/prover/ntt\"\n",
	"prover/stark/testdata/x.go":      "package broken by design\n",
	"scheduler/lease/doc.go":          "// Package lease leases.\npackage lease\n\nimport \"time\"\n\nconst ttl = 10 * time.Second\n",
	"store/doc.go":                    "// Package store stores.\npackage store\n\nimport _ \"github.com/cockroachdb/pebble/v2\"\n",
	"cluster/fsm/doc.go":              "// Package fsm applies.\npackage fsm\n\nimport (\n\t_ \"m/prover/verifier\"\n\t_ \"m/scheduler/lease\"\n\t_ \"m/store\"\n\t_ \"os\"\n)\n",
	"cmd/run/main.go":                 "// Command run runs.\npackage main\n\nimport (\n\t_ \"m/cluster/fsm\"\n\t\"os\"\n)\n\nfunc main() { os.Exit(0) }\n",
}

func judge(t *testing.T, changes map[string]string) []violation {
	t.Helper()
	fsys := fstest.MapFS{}
	for _, files := range []map[string]string{clean, changes} {
		for name, text := range files {
			fsys[name] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	tree, err := loadAll(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return tree.check()
}

func TestCleanTree(t *testing.T) {
	for _, v := range judge(t, nil) {
		t.Error(v)
	}
}

// TestPlanted plants one violation at a time and expects exactly that one.
func TestPlanted(t *testing.T) {
	long := "package field\n" + strings.Repeat("\n// filler\n", maxFileLines/2+1)
	for _, c := range []struct {
		name string
		rule string
		file string // added, or replaced
		text string
		at   string // where it must be reported, if not at file
	}{
		{"prover imports cluster", "layers", "prover/field/x.go", importing("field", "m/cluster/fsm"), ""},
		{"prover imports store", "layers", "prover/field/x.go", importing("field", "m/store"), ""},
		{"scheduler imports prover", "layers", "scheduler/lease/x.go", importing("lease", "m/prover/field"), ""},
		{"store imports scheduler", "layers", "store/x.go", importing("store", "m/scheduler/lease"), ""},
		{"store test imports cluster", "layers", "store/x_test.go", importing("store", "m/cluster/fsm"), ""},
		{"cluster imports a command", "layers", "cluster/fsm/x.go", importing("fsm", "m/cmd/run"), ""},
		{"verifier imports the prover", "verifier", "prover/verifier/x.go", importing("verifier", "m/prover/stark"), "prover/verifier"},
		{"verifier reaches the prover", "verifier", "prover/fri/x.go", importing("fri", "m/prover/merkle/tree"), "prover/fri"},
		{"gnark-crypto outside prover", "homes", "store/x.go", importing("store", "github.com/consensys/gnark-crypto/ecc"), ""},
		{"pebble outside store", "homes", "cluster/fsm/x.go", importing("fsm", "github.com/cockroachdb/pebble/v2"), ""},
		{"raft outside its homes", "homes", "cluster/fsm/x_test.go", importing("fsm", "github.com/hashicorp/raft"), ""},
		{"raft next to its home", "homes", "store/x.go", importing("store", "github.com/hashicorp/raft"), ""},
		{"memberlist outside gossip", "homes", "cluster/fsm/x.go", importing("fsm", "github.com/hashicorp/memberlist"), ""},
		{"licensecheck outside its command", "homes", "cmd/run/x.go", importing("main", "github.com/google/licensecheck"), ""},
		{"files in prover", "purity", "prover/field/x.go", importing("field", "os"), ""},
		{"processes in prover", "purity", "prover/field/x.go", importing("field", "os/exec"), ""},
		{"network in prover", "purity", "prover/field/x.go", importing("field", "net/http"), ""},
		{"time in prover", "purity", "prover/field/x.go", importing("field", "time"), ""},
		{"files in scheduler", "purity", "scheduler/lease/x.go", importing("lease", "os"), ""},
		{"random numbers", "purity", "scheduler/lease/x.go", importing("lease", "math/rand/v2"), ""},
		{"secret random numbers", "purity", "prover/field/x.go", importing("field", "crypto/rand"), ""},
		{"exception for another import", "purity", "prover/internal/vectors/x.go", importing("vectors", "net"), ""},
		{"clock", "purity", "scheduler/lease/x.go", "package lease\n\nimport \"time\"\n\nvar t0 = time.Now()\n", ""},
		{"clock by another name", "purity", "scheduler/lease/x.go", "package lease\n\nimport clock \"time\"\n\nvar age = clock.Since\n", ""},
		{"clock by dot import", "purity", "scheduler/lease/x.go", "package lease\n\nimport . \"time\"\n\nvar t0 = Now()\n", ""},
		{"os.Exit outside cmd", "exits", "cluster/fsm/x.go", "package fsm\n\nimport \"os\"\n\nfunc f() { os.Exit(1) }\n", ""},
		{"log.Fatal outside cmd", "exits", "store/x.go", "package store\n\nimport \"log\"\n\nfunc f() { log.Fatalf(\"\") }\n", ""},
		{"vectors in the product", "test only", "prover/field/x.go", importing("field", "m/prover/internal/vectors"), ""},
		{"a kernel's package imports the assembler", "generators", "prover/field/x.go", importing("field", "m/prover/internal/asm"), ""},
		{"a test imports the assembler", "generators", "prover/field/x_test.go", importing("field", "m/prover/internal/asm"), ""},
		{"what a generator shares imports the assembler", "generators", "prover/ntt/internal/plan/doc.go", "// Package plan plans.\npackage plan\n\nimport _ \"m/prover/internal/asm\"\n", ""},
		{"folder at the top", "top level", "internal/x/doc.go", "// Package x is astray.\npackage x\n", "internal"},
		{"file at the top", "top level", "notes.txt", "x\n", ""},
		{"no doc.go", "package doc", "prover/air/air.go", "package air\n", "prover/air"},
		{"doc.go says nothing", "package doc", "prover/field/doc.go", "package field\n", "prover/field"},
		{"command without main.go", "package doc", "cmd/tool/tool.go", "// Command tool is astray.\npackage main\n", "cmd/tool"},
		{"long file", "file length", "prover/field/x.go", long, ""},
		{"format", "format", "prover/field/x.go", "package field\n\nvar x   int\n", ""},
		{"machine path", "machine path", "docs/x.md", "Look in /" + "home/somebody/notes.\n", ""},
		{"broken link", "links", "docs/x.md", "See [that](page.md) and [this](astray.md).\n", ""},
		{"machine path at line start", "machine path", ".ci/x", "/" + "root/bin/tool\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := cmp.Or(c.at, c.file)
			found := judge(t, map[string]string{c.file: c.text})
			if len(found) != 1 || found[0].Rule != c.rule || found[0].Path != at {
				t.Errorf("want one violation of %q at %s, found %v", c.rule, at, found)
			}
		})
	}
}

func importing(pkg, path string) string {
	return fmt.Sprintf("package %s\n\nimport _ %q\n", pkg, path)
}

// Long tests and long generated files are fine.
func TestFileLengthExemptions(t *testing.T) {
	long := "package field\n" + strings.Repeat("\n// filler\n", maxFileLines)
	found := judge(t, map[string]string{
		"prover/field/x_test.go": long,
		"prover/field/x_gen.go":  "// Code generated by gen; DO NOT EDIT.\n\n" + long,
	})
	if len(found) != 0 {
		t.Error(found)
	}
}

// TestTracked makes a repository with a tracked and an untracked violation:
// only the tracked one counts.
func TestTracked(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	dir := t.TempDir()
	for name, text := range clean {
		write(t, filepath.Join(dir, name), text)
	}
	write(t, filepath.Join(dir, "tracked.txt"), "x")
	write(t, filepath.Join(dir, "deleted.txt"), "x")
	git := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("init", "-q")
	git("add", ".")
	write(t, filepath.Join(dir, "untracked.txt"), "x")
	if err := os.Remove(filepath.Join(dir, "deleted.txt")); err != nil {
		t.Fatal(err)
	}
	tree, err := loadTracked(dir)
	if err != nil {
		t.Fatal(err)
	}
	if found := tree.check(); len(found) != 1 || found[0].Path != "tracked.txt" {
		t.Errorf("want one violation, at tracked.txt, found %v", found)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
