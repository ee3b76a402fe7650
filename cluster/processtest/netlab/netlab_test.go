//go:build linux

package netlab

import (
	"bytes"
	"context"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// open makes a lab of three hosts, or skips the test.
func open(t *testing.T) *Lab {
	if testing.Short() {
		t.Skip("makes network namespaces")
	}
	l, err := New(1, "a", "b", "c")
	if err != nil {
		t.Skipf("no lab: %v", err)
	}
	t.Cleanup(l.Close)
	return l
}

// echo answers on a host's port 7 with what it gets.
func echo(t *testing.T, h *Host) {
	s, err := h.Listen("tcp", h.Address(7))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	go func() {
		for {
			c, err := s.Accept()
			if err != nil {
				return
			}
			go func() { defer c.Close(); io.Copy(c, c) }()
		}
	}()
}

// roundTrip connects and sends a byte, and says how long that took.
func roundTrip(from, to *Host, limit time.Duration) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	began := time.Now()
	c, err := from.Dial(ctx, "tcp", to.Address(7))
	if err != nil {
		return 0, err
	}
	defer c.Close()
	c.SetDeadline(began.Add(limit))
	if _, err := c.Write([]byte{1}); err != nil {
		return 0, err
	}
	_, err = io.ReadFull(c, make([]byte, 1))
	return time.Since(began), err
}

func TestFrames(t *testing.T) {
	l := open(t)
	a, b := l.Host("a"), l.Host("b")
	echo(t, b)
	if _, err := roundTrip(a, b, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	c, err := a.Dial(t.Context(), "tcp", b.Address(7))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	l.Weather(Conditions{Delay: time.Millisecond, Jitter: 2 * time.Millisecond, Repeat: 0.1, Loss: 0.01})
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<14)
	go c.Write(sent)
	c.SetDeadline(time.Now().Add(20 * time.Second))
	got := make([]byte, len(sent))
	if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, sent) {
		t.Fatalf("%v; equal: %t", err, bytes.Equal(got, sent))
	}
	if forwarded, withheld := l.Counts(); forwarded == 0 || withheld == 0 {
		t.Errorf("%d frames handed over, %d lost", forwarded, withheld)
	}
}

func TestDelay(t *testing.T) {
	l := open(t)
	echo(t, l.Host("b"))
	roundTrip(l.Host("a"), l.Host("b"), 5*time.Second) // addresses are known from now on
	l.Weather(Conditions{Delay: 20 * time.Millisecond}, "a", "b")
	took, err := roundTrip(l.Host("a"), l.Host("b"), 5*time.Second)
	if err != nil || took < 80*time.Millisecond { // two round trips
		t.Errorf("took %v, %v", took, err)
	}
}

func TestCuts(t *testing.T) {
	l := open(t)
	a, b, c := l.Host("a"), l.Host("b"), l.Host("c")
	echo(t, b)
	for _, cut := range []struct {
		name string
		do   func()
		c    bool // does c still reach b?
	}{
		{"one way", func() { l.Cut("a", "b") }, true},
		{"the way back", func() { l.Cut("b", "a") }, true},
		{"all that b sends", func() { l.Cut("b") }, false},
		{"a alone", func() { l.Isolate("a") }, true},
		{"b alone", func() { l.Isolate("b") }, false},
		{"a and c together", func() { l.Isolate("a", "c") }, false},
	} {
		cut.do()
		if _, err := roundTrip(a, b, 200*time.Millisecond); err == nil {
			t.Errorf("%s: a reaches b", cut.name)
		}
		if _, err := roundTrip(c, b, 500*time.Millisecond); (err == nil) != cut.c {
			t.Errorf("%s: c: %v", cut.name, err)
		}
		l.Heal()
		if _, err := roundTrip(a, b, 10*time.Second); err != nil {
			t.Errorf("%s: healed: %v", cut.name, err)
		}
	}
}

func TestPrograms(t *testing.T) {
	l := open(t)
	a := l.Host("a")
	var out bytes.Buffer
	show := exec.Command("cat", "/proc/self/net/dev")
	show.Stdout = &out
	if err := a.Start(show); err != nil {
		t.Fatal(err)
	}
	if err := show.Wait(); err != nil || !strings.Contains(out.String(), "eth0") {
		t.Errorf("not on the host: %v: %s", err, out.String())
	}

	wait := exec.Command("cat") // for what this test never sends
	in, err := wait.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := a.Start(wait); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- wait.Wait() }()
	l.Close()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("the program ended by itself")
		}
	case <-time.After(5 * time.Second):
		wait.Process.Kill()
		t.Fatal("the program has outlived its host")
	}
	if err := a.Start(exec.Command("true")); err == nil {
		t.Error("a program was started on a host that is gone")
	}
}

func TestLimits(t *testing.T) {
	if _, err := New(1, make([]string, hostsMax+1)...); err == nil {
		t.Error("too many hosts")
	}
	p := &path{conditions: Conditions{Delay: time.Hour}}
	for range inFlightMax {
		if _, count := p.fate(); count != 1 {
			t.Fatal("lost below the limit")
		}
	}
	if _, count := p.fate(); count != 0 {
		t.Error("more frames under way than the limit")
	}
	if !p.arrived() {
		t.Error("withheld without a cut")
	}
	if _, count := p.fate(); count != 1 {
		t.Error("lost below the limit")
	}
}
