package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// shellBlocks are the blocks of a document that a reader may paste into a shell.
func shellBlocks(t *testing.T, file string) []string {
	b, err := os.ReadFile(filepath.Join("..", "..", file))
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, m := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllStringSubmatch(string(b), -1) {
		blocks = append(blocks, m[1])
	}
	return blocks
}

// Every command that a document shows is one that the parser takes.
func TestDocumentedCommandsParse(t *testing.T) {
	inner := regexp.MustCompile(`"?\$\(([^()]*)\)"?`)
	for _, file := range []string{"README.md", "docs/runbook.md"} {
		count := 0
		for _, block := range shellBlocks(t, file) {
			for line := range strings.Lines(block) {
				line, _, _ = strings.Cut(line, " #")
				for _, m := range inner.FindAllStringSubmatch(line, -1) {
					count += parses(t, file, m[1])
				}
				count += parses(t, file, inner.ReplaceAllString(line, "WORD"))
			}
		}
		if count < 10 {
			t.Errorf("%s: %d commands found", file, count)
		}
	}
}

// The help of every command has an example of it.
func TestEveryCommandShowsAnExample(t *testing.T) {
	var c cli
	var out bytes.Buffer
	parser, err := newParser(&c, &env{out: &out, err: &out}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range parser.Model.Leaves(true) {
		if leaf.Parent.DefaultCmd == leaf {
			leaf = leaf.Parent // is called by its parent's name
		}
		command := "rpp-node"
		for _, word := range strings.Fields(leaf.Path()) {
			if !strings.HasPrefix(word, "<") && !strings.HasPrefix(word, "[") && word != "rpp-node" {
				command += " " + word
			}
		}
		if !strings.Contains(leaf.Detail, command) {
			t.Errorf("%s: no example of %q in its help:\n%s", leaf.Path(), command, leaf.Detail)
		}
		if leaf.Help == "" {
			t.Errorf("%s: no help", leaf.Path())
		}
	}
}

// parses checks one line, if it is a command of ours.
func parses(t *testing.T, file, line string) int {
	words := strings.Fields(line)
	for len(words) > 0 && strings.Contains(words[0], "=") { // variables before the command
		words = words[1:]
	}
	if len(words) == 0 || strings.TrimPrefix(words[0], "./") != "rpp-node" {
		return 0
	}
	for i, w := range words { // redirections and what follows
		if strings.ContainsAny(w, "<>&|;") {
			words = words[:i]
			break
		}
	}
	var c cli
	var out bytes.Buffer
	parser, err := newParser(&c, &env{out: &out, err: &out}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(words[1:]); err != nil {
		t.Errorf("%s: %s: %v", file, strings.TrimSpace(line), err)
	}
	return 1
}

// The README's commands, pasted one after the other, make a cluster of three and a proof.
// Only the ports are others, and the program is this test.
func TestReadmeMakesACluster(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a cluster")
	}
	blocks := shellBlocks(t, "README.md")
	if len(blocks) < 2 {
		t.Fatalf("%d blocks, want one that makes a cluster and one that proves", len(blocks))
	}
	found, build := strings.CutPrefix(blocks[0], "go build ./cmd/rpp-node\n")
	if commands := strings.Count(blocks[0], "\n"); !build || commands > 5 {
		t.Errorf("%d commands from nothing to a cluster, want at most 5, the first to build:\n%s", commands, blocks[0])
	}
	script := found + `
until [ "$(./rpp-node cluster members --data a | grep -c -e follower -e leader)" = 3 ]; do sleep 0.1; done
./rpp-node cluster status --data a
` + blocks[1]
	ports := map[string]string{}
	var held []net.Listener // until all ports are drawn
	script = regexp.MustCompile(`127\.0\.0\.1:74[0-9]0`).ReplaceAllStringFunc(script, func(shown string) string {
		if ports[shown] == "" {
			port, listeners := threePorts()
			held = append(held, listeners...)
			ports[shown] = "127.0.0.1:" + strconv.Itoa(port)
		}
		return ports[shown]
	})
	for _, l := range held {
		l.Close()
	}
	out, err := paste(t, script)
	for _, want := range []string{`(?m)^a +voter +alive`, `(?m)^c +voter +alive`, `job [0-9a-f]{64} is released after `, `(?m)^verified pruning/block-512 production`} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("no %q", want)
		}
	}
	if err != nil || t.Failed() {
		t.Errorf("%v\n%s", err, out)
	}
}

// paste runs commands in a shell in an empty folder that has the program, and ends what
// they have left behind.
func paste(t *testing.T, script string) (string, error) {
	dir := t.TempDir()
	program, err := exec.LookPath("rpp-node") // testscript has put it there
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Link(program, filepath.Join(dir, "rpp-node")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), scriptPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", "set -e\n"+script)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 100 * time.Millisecond // nodes hold the pipe
	err = cmd.Run()
	syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	if err == exec.ErrWaitDelay {
		err = nil
	}
	return out.String(), err
}
