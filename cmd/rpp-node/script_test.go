package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"rpp-node/store/keydir"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"rpp-node": main})
}

// scriptPatience ends scripts that hang.
const scriptPatience = 12 * time.Minute

// TestScripts runs the scripts of testdata/script, each a use of the command line as an
// operator would type it. Beside testscript's own commands they have:
//
//	exit CODE COMMAND...         run a command, which must end with that exit code
//	json FILE PATH[=VALUE]...    FILE (or stdout) is one JSON value with these paths
//	edit FILE PATH=JSON          replace the value at a path of a JSON file
//	flip FILE OFFSET             flip a bit; a negative offset counts from the end
//	unwrap FILE OUT              the bare key that a file of the key directory holds
//	run NAME PATTERN COMMAND...  start a command; wait until NAME.out matches
//	until PATTERN COMMAND...     repeat a command until its output matches
//	signal SIGNAL NAME [CODE]    send it a signal; it must end, with that exit code
//	ports VARIABLE...            free ports of loopback, the two after each free as well
//	setenv VARIABLE FILE         set a variable to what a file (or stdout) holds
//	mode OCTAL FILE              FILE has these permissions
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Deadline:            time.Now().Add(scriptPatience),
		Setup: func(env *testscript.Env) error {
			root, err := filepath.Abs(filepath.Join("..", ".."))
			env.Setenv("VECTORS", filepath.Join(root, "prover", "testdata", "vectors", "batch2"))
			env.Setenv("DOCS", filepath.Join(root, "docs"))
			env.Values[processesKey{}] = processes{}
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exit": scriptExit, "json": scriptJSON, "edit": scriptEdit, "flip": scriptFlip, "unwrap": scriptUnwrap,
			"run": scriptRun, "until": scriptUntil, "signal": scriptSignal, "ports": scriptPorts, "setenv": scriptToEnv, "mode": scriptMode,
		},
	})
}

func synopsis(ts *testscript.TestScript, ok bool, text string) {
	if !ok {
		ts.Fatalf("usage: %s", text)
	}
}

func scriptExit(ts *testscript.TestScript, neg bool, args []string) {
	synopsis(ts, !neg && len(args) >= 2, "exit CODE COMMAND...")
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func scriptFlip(ts *testscript.TestScript, neg bool, args []string) {
	synopsis(ts, !neg && len(args) == 2, "flip FILE OFFSET")
	offset, err := strconv.Atoi(args[1])
	ts.Check(err)
	b := []byte(ts.ReadFile(args[0]))
	if offset < 0 {
		offset += len(b)
	}
	if offset < 0 || offset >= len(b) {
		ts.Fatalf("offset %s is outside %d bytes", args[1], len(b))
	}
	b[offset] ^= 1
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o644))
}

func scriptUnwrap(ts *testscript.TestScript, neg bool, args []string) {
	synopsis(ts, !neg && len(args) == 2, "unwrap FILE OUT")
	e, err := keydir.Unwrap([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), e.Blob, 0o644))
}
