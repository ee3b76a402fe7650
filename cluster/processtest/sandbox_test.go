//go:build linux

package processtest

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// insideEnv tells the tests that they are in the sandbox.
const insideEnv = "RPP_PROCESSTEST_INSIDE"

// unavailable says why the tests cannot run here; empty if they can.
var unavailable string

func TestMain(m *testing.M) {
	flag.Parse()
	switch {
	case testing.Short():
		unavailable = "starts processes"
	case os.Getenv(insideEnv) != "":
		if err := settle(); err != nil {
			unavailable = err.Error()
		}
	case os.Geteuid() != 0:
		unavailable = "needs root, for namespaces and mounts"
	default:
		code, err := enter()
		if err == nil {
			os.Exit(code)
		}
		unavailable = err.Error()
	}
	os.Exit(m.Run())
}

// enter runs this program again in a tree of processes and a set of mounts of its own. When
// it ends, however that comes about, the kernel ends what it has started and takes its
// mounts down.
func enter() (code int, err error) {
	runtime.LockOSThread() // the kernel kills the other when this thread ends
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), insideEnv+"=1")
	cmd.SysProcAttr = &unix.SysProcAttr{Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID, Pdeathsig: unix.SIGKILL}
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("no namespaces for processes and mounts: %w", err)
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, unix.SIGINT, unix.SIGTERM, unix.SIGQUIT)
	go func() {
		for s := range signals {
			cmd.Process.Signal(s)
		}
	}()
	cmd.Wait()
	return cmd.ProcessState.ExitCode(), nil
}

// settle makes the sandbox's mounts its own, and has /proc show its processes.
func settle() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("/proc: %w", err)
	}
	return nil
}
