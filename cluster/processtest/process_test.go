//go:build linux

package processtest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"rpp-node/cluster/health"
	"rpp-node/cluster/processtest/netlab"
)

// process is one node: a host, a data directory on a disk of its own, and, while it runs,
// a process.
type process struct {
	name    string
	program string
	host    *netlab.Host
	dir     string // where its disk is mounted
	logFile string
	pages   *http.Client

	mu  sync.Mutex // guards the rest
	run *run       // the latest
}

// run is one life of a process.
type run struct {
	cmd     *exec.Cmd
	ready   chan struct{} // closed when it says that it runs
	ended   chan struct{} // closed when it has ended
	err     error         // how; set before ended is closed
	told    bool          // to end; guarded by the process's mu
	started time.Time
	logFrom int64 // where this life begins in the log
}

func (p *process) data() string    { return filepath.Join(p.dir, "data") }
func (p *process) voter() bool     { return strings.HasPrefix(p.name, "voter") }
func (p *process) address() string { return p.host.Address(apiPort) }

const (
	apiPort    = 7400
	gossipPort = 7401
	pagesPort  = 7402
)

// command prepares a command of the program.
func (p *process) command(args ...string) *exec.Cmd {
	cmd := exec.Command(p.program, args...)
	cmd.Env = append(os.Environ(), "RPP_PASSPHRASE=only for this test", "GOMAXPROCS=2", "GOTRACEBACK=all")
	return cmd
}

// do runs a command of the program on the host and returns what it printed.
func (p *process) do(args ...string) (string, error) {
	var out, errs strings.Builder
	cmd := p.command(args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := p.host.Start(cmd); err != nil {
		return "", err
	}
	if err := cmd.Wait(); err != nil {
		return out.String(), fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, errs.String())
	}
	return out.String(), nil
}

// start starts the node and returns at once.
func (p *process) start(more ...string) error {
	role := "worker"
	if p.voter() {
		role = "start"
	}
	args := append([]string{role, "--data", p.data(), "--json"}, more...)
	log, err := os.OpenFile(p.logFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	at, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	r := &run{cmd: p.command(args...), ready: make(chan struct{}), ended: make(chan struct{}), started: time.Now(), logFrom: at}
	r.cmd.Stderr = log
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := p.host.Start(r.cmd); err != nil {
		return err
	}
	go func() {
		b := bufio.NewReader(out)
		if _, err := b.ReadString('}'); err == nil {
			close(r.ready)
		}
		io.Copy(io.Discard, b)
		r.err = r.cmd.Wait()
		close(r.ended)
	}()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.run = r
	return nil
}

// life is the latest run, nil before the first.
func (p *process) life() *run {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.run
}

// alive says whether the process runs.
func (p *process) alive() bool {
	r := p.life()
	if r == nil {
		return false
	}
	select {
	case <-r.ended:
		return false
	default:
		return true
	}
}

// up starts the node and waits until it runs.
func (p *process) up(more ...string) error {
	if err := p.start(more...); err != nil {
		return err
	}
	return p.awaitReady(20 * time.Second)
}

func (p *process) awaitReady(limit time.Duration) error {
	r := p.life()
	select {
	case <-r.ready:
		return nil
	case <-r.ended:
		return fmt.Errorf("%s has ended: %v: %s", p.name, r.err, p.lastWords())
	case <-time.After(limit):
		return fmt.Errorf("%s does not run after %s: %s", p.name, limit, p.lastWords())
	}
}

// signal tells the process something; to end is expected of it from then on.
func (p *process) signal(s unix.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s == unix.SIGKILL || s == unix.SIGTERM {
		p.run.told = true
	}
	p.run.cmd.Process.Signal(s)
}

// kill ends the process at once.
func (p *process) kill() {
	p.signal(unix.SIGKILL)
	<-p.life().ended
}

// terminate asks the process to end in order, and waits for that.
func (p *process) terminate(limit time.Duration) error {
	p.signal(unix.SIGTERM)
	r := p.life()
	select {
	case <-r.ended:
		return r.err
	case <-time.After(limit):
		return fmt.Errorf("%s has not ended %s after SIGTERM", p.name, limit)
	}
}

// unexpected is how the process ended although nobody told it to; empty if it did not.
func (p *process) unexpected() string {
	if p.alive() || p.life() == nil {
		return ""
	}
	p.mu.Lock()
	told, err := p.run.told, p.run.err
	p.mu.Unlock()
	if told {
		return ""
	}
	return fmt.Sprintf("%s ended by itself: %v: %s", p.name, err, p.lastWords())
}

// words is what the latest life has logged.
func (p *process) words() string {
	b, err := os.ReadFile(p.logFile)
	if err != nil || p.life().logFrom > int64(len(b)) {
		return ""
	}
	return string(b[p.life().logFrom:])
}

// lastWords is the end of that.
func (p *process) lastWords() string {
	w := p.words()
	return w[max(0, len(w)-2000):]
}

// page gets a page from the node's loopback.
func (p *process) page(path string) ([]byte, error) {
	resp, err := p.pages.Get(fmt.Sprintf("http://127.0.0.1:%d%s", pagesPort, path))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(io.LimitReader(resp.Body, 16<<20))
}

// status is what the node says of itself.
func (p *process) status() (s health.NodeStatus, err error) {
	b, err := p.page("/status/node")
	if err == nil {
		err = json.Unmarshal(b, &s)
	}
	return s, err
}

// newPages makes a client of a host's loopback.
func newPages(h *netlab.Host) *http.Client {
	return &http.Client{Timeout: time.Second, Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return h.Dial(ctx, network, address)
		},
		DisableKeepAlives: true,
	}}
}
