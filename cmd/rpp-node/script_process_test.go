package main

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// processPatience bounds the wait for what a process says, and for its end.
const processPatience = 60 * time.Second

// process is a command that a script has started and that runs on.
type process struct {
	cmd  *exec.Cmd
	exit chan error
}

// processes of a script, by name.
type processes map[string]*process

type processesKey struct{}

func processesOf(ts *testscript.TestScript) processes { return ts.Value(processesKey{}).(processes) }

// scriptRun starts a command and waits until its output, which goes to NAME.out and
// NAME.err, matches a pattern.
func scriptRun(ts *testscript.TestScript, neg bool, args []string) {
	synopsis(ts, !neg && len(args) >= 3, "run NAME PATTERN COMMAND...")
	name, pattern := args[0], regexp.MustCompile("(?m)"+args[1])
	path, err := exec.LookPath(args[2])
	ts.Check(err)
	cmd := exec.Command(path, args[3:]...)
	cmd.Dir = ts.Getenv("WORK")
	cmd.Env = scriptEnv(ts)
	out, err := os.Create(ts.MkAbs(name + ".out"))
	ts.Check(err)
	defer out.Close()
	errs, err := os.Create(ts.MkAbs(name + ".err"))
	ts.Check(err)
	defer errs.Close()
	cmd.Stdout, cmd.Stderr = out, errs
	ts.Check(cmd.Start())
	p := &process{cmd: cmd, exit: make(chan error, 1)}
	go func() { p.exit <- cmd.Wait() }()
	processesOf(ts)[name] = p
	ts.Defer(func() {
		cmd.Process.Kill()
		select {
		case <-p.exit:
		case <-time.After(processPatience):
		}
	})
	for end := time.Now().Add(processPatience); ; {
		select {
		case err := <-p.exit:
			p.exit <- err
			ts.Fatalf("%s ended (%v) before its output matched %q:\n%s", name, err, args[1], ts.ReadFile(name+".err"))
		case <-time.After(20 * time.Millisecond):
		}
		if pattern.MatchString(ts.ReadFile(name + ".out")) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("%s: no %q within %s:\n%s", name, args[1], processPatience, ts.ReadFile(name+".err"))
		}
	}
}

// scriptEnv is the script's environment, as far as commands read it.
func scriptEnv(ts *testscript.TestScript) []string {
	env := []string{"TMPDIR=" + ts.Getenv("WORK")}
	for _, name := range []string{"PATH", "HOME", "RPP_IDENTITY", "RPP_API", "RPP_DATA", "RPP_HTTP"} {
		if v := ts.Getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	return env
}

var scriptSignals = map[string]syscall.Signal{"TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "USR1": syscall.SIGUSR1, "KILL": syscall.SIGKILL}

// scriptSignal sends a signal and waits for the end. With a code, that must be the exit
// code.
func scriptSignal(ts *testscript.TestScript, neg bool, args []string) {
	synopsis(ts, !neg && (len(args) == 2 || len(args) == 3), "signal SIGNAL NAME [CODE]")
	p := processesOf(ts)[args[1]]
	if p == nil {
		ts.Fatalf("no process %s", args[1])
	}
	ts.Check(p.cmd.Process.Signal(scriptSignals[args[0]]))
	select {
	case err := <-p.exit:
		p.exit <- err
		got := 0
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			got = exit.ExitCode()
		}
		if len(args) == 3 && strconv.Itoa(got) != args[2] {
			ts.Fatalf("%s: exit code %d, want %s:\n%s", args[1], got, args[2], ts.ReadFile(args[1]+".err"))
		}
	case <-time.After(processPatience):
		ts.Fatalf("%s does not end after SIG%s:\n%s", args[1], args[0], ts.ReadFile(args[1]+".err"))
	}
}

// scriptPorts sets each variable to a port of loopback that is free, as are the two after
// it.
func scriptPorts(ts *testscript.TestScript, neg bool, args []string) {
	synopsis(ts, !neg && len(args) >= 1, "ports VARIABLE...")
	var held []net.Listener
	defer func() {
		for _, l := range held {
			l.Close()
		}
	}()
	for _, name := range args {
		port, listeners := threePorts()
		held = append(held, listeners...) // so that the next ones differ
		ts.Setenv(name, strconv.Itoa(port))
		ts.Setenv(name+"_HTTP", strconv.Itoa(port+portsBehind))
	}
}

// threePorts finds three free ports in a row and holds them.
func threePorts() (int, []net.Listener) {
	for {
		first, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err) // a machine without loopback
		}
		port := first.Addr().(*net.TCPAddr).Port
		held := []net.Listener{first}
		for i := 1; i <= portsBehind; i++ {
			if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port+i))); err == nil {
				held = append(held, l)
			}
		}
		if len(held) == 1+portsBehind {
			return port, held
		}
		for _, l := range held {
			l.Close()
		}
	}
}

// scriptToEnv sets a variable to what a file holds, without the last line's end.
func scriptToEnv(ts *testscript.TestScript, neg bool, args []string) {
	synopsis(ts, !neg && len(args) == 2, "setenv VARIABLE FILE")
	text := ts.ReadFile(args[1])
	for len(text) > 0 && text[len(text)-1] == '\n' {
		text = text[:len(text)-1]
	}
	ts.Setenv(args[0], text)
}

// scriptMode checks the permissions of a file.
func scriptMode(ts *testscript.TestScript, neg bool, args []string) {
	synopsis(ts, !neg && len(args) == 2, "mode OCTAL FILE")
	info, err := os.Stat(filepath.Clean(ts.MkAbs(args[1])))
	ts.Check(err)
	if got := strconv.FormatUint(uint64(info.Mode().Perm()), 8); got != args[0] {
		ts.Fatalf("%s has mode %s, want %s", args[1], got, args[0])
	}
}

// scriptUntil repeats a command until its output matches a pattern.
func scriptUntil(ts *testscript.TestScript, neg bool, args []string) {
	synopsis(ts, !neg && len(args) >= 2, "until PATTERN COMMAND...")
	pattern := regexp.MustCompile("(?m)" + args[0])
	path, err := exec.LookPath(args[1])
	ts.Check(err)
	for end := time.Now().Add(processPatience); ; time.Sleep(50 * time.Millisecond) {
		cmd := exec.Command(path, args[2:]...)
		cmd.Dir, cmd.Env = ts.Getenv("WORK"), scriptEnv(ts)
		out, err := cmd.CombinedOutput()
		if err == nil && pattern.Match(out) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("no %q within %s; last: %v\n%s", args[0], processPatience, err, out)
		}
	}
}
