package transport_test

import (
	"crypto/tls"
	"net"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"

	"rpp-node/cluster/transport"
)

// floodCount is how many connections strangers open, from two addresses.
func floodCount() int {
	if testing.Short() {
		return 300
	}
	return 1000
}

// dialFrom connects from one of loopback's addresses, as another host would.
func dialFrom(host byte, address string) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, host)}, Timeout: 10 * time.Second}
	return d.Dial("tcp", address)
}

// clientHello is the first flight of an honest client.
func clientHello(t testing.TB) []byte {
	t.Helper()
	a, b := net.Pipe()
	defer b.Close()
	go func() {
		tls.Client(a, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{transport.ProtocolHTTP2}}).Handshake()
		a.Close()
	}()
	buf := make([]byte, 16<<10)
	n := must(b.Read(buf))(t)
	return buf[:n]
}

// held is the memory in use and the number of goroutines.
func held() (bytes uint64, goroutines int) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse, runtime.NumGoroutine()
}

// Strangers open connections and send nothing, three bytes of a record, or a first
// flight that makes the server sign: an honest client is served all the while, and what
// the strangers cost stays within the limits.
func TestGoodClientIsServedThroughAFlood(t *testing.T) {
	hello := clientHello(t)
	for name, sends := range map[string][]byte{"idle": nil, "half a record": hello[:3], "first flight": hello} {
		t.Run(name, func(t *testing.T) {
			p := open(t, transport.Limits{HandshakeTimeout: time.Minute}, nil)
			good := credential(t, p.root, 3, worker)
			client := p.client(t, good)
			if _, err := get(client, p.address); err != nil {
				t.Fatal(err)
			}
			memory, goroutines := held()

			conns := make([]net.Conn, floodCount())
			for i := range conns {
				conns[i] = must(dialFrom(byte(2+i%2), p.address))(t)
				defer conns[i].Close()
				conns[i].Write(sends) // may be shed already
			}
			eventually(t, "all strangers are in their handshake or gone", func() bool {
				s := p.Stats()
				return s.Handshakes == min(len(conns), 256) && s.Refused == s.Shed && int(s.Shed) == len(conns)-s.Handshakes
			})
			more, running := held()
			if grown := int64(more) - int64(memory); grown > 32<<20 {
				t.Errorf("memory grew by %d MiB", grown>>20)
			}
			if running-goroutines > 2*256+50 {
				t.Errorf("goroutines grew by %d", running-goroutines)
			}
			var slowest time.Duration
			for range 10 {
				began := time.Now()
				if _, err := get(p.client(t, good), p.address); err != nil { // a new connection
					t.Fatal(err)
				}
				slowest = max(slowest, time.Since(began))
			}
			if slowest > time.Second {
				t.Errorf("an honest connection took %s", slowest)
			}
			t.Logf("%d strangers: %+d KiB, %+d goroutines, slowest honest call %s", len(conns),
				(int64(more)-int64(memory))>>10, running-goroutines, slowest)
		})
	}
}

// The flood does not stop: eight dialers open and abandon a thousand connections a
// second, about what one core can answer.
func TestGoodClientIsServedWhileHandshakesPourIn(t *testing.T) {
	hello := clientHello(t)
	p := open(t, transport.Limits{}, nil)
	good := credential(t, p.root, 3, worker)
	pause := 8 * time.Millisecond
	if testing.Short() { // and perhaps under the race detector
		pause *= 5
	}
	stop := make(chan struct{})
	var flood sync.WaitGroup
	for i := range 8 {
		flood.Go(func() {
			var open []net.Conn
			for {
				select {
				case <-stop:
					for _, c := range open {
						c.Close()
					}
					return
				case <-time.After(pause):
				}
				c, err := dialFrom(byte(2+i%4), p.address)
				if err != nil {
					continue
				}
				c.Write(hello)
				if open = append(open, c); len(open) > 64 {
					open[0].Close()
					open = open[1:]
				}
			}
		})
	}
	var slowest time.Duration
	calls := 0
	for end := time.Now().Add(500 * time.Millisecond); calls < 10 || time.Now().Before(end); calls++ {
		began := time.Now()
		client := p.client(t, good)
		if _, err := get(client, p.address); err != nil {
			t.Error(err)
			break
		}
		client.CloseIdleConnections() // a peer may keep 64
		slowest = max(slowest, time.Since(began))
	}
	close(stop)
	flood.Wait()
	if n := int(p.Stats().Accepted) - calls; n < 8 {
		t.Errorf("only %d connections poured in", n)
	}
	t.Logf("slowest of %d honest calls %s among %d connections", calls, slowest, p.Stats().Accepted)
	if slowest > 5*time.Second {
		t.Errorf("an honest connection took %s", slowest)
	}
}

// A peer's 65th connection is refused, its others go on, and other peers are not touched.
func TestOnePeerCannotTakeAllConnections(t *testing.T) {
	p := open(t, transport.Limits{ConnectionsPerPeer: 3, AnonymousPerHost: 1}, nil)
	greedy, other := credential(t, p.root, 3, worker), credential(t, p.root, 4, worker)
	var clients []*http.Client
	for i := range 4 {
		c := p.client(t, greedy)
		_, err := get(c, p.address)
		if (err == nil) != (i < 3) {
			t.Errorf("connection %d: %v", i, err)
		}
		clients = append(clients, c)
	}
	if _, err := get(clients[0], p.address); err != nil {
		t.Errorf("its first connection: %v", err)
	}
	if _, err := get(p.client(t, other), p.address); err != nil {
		t.Errorf("another peer: %v", err)
	}
	if _, err := get(p.client(t, nil), p.address); err != nil {
		t.Errorf("the first anonymous one: %v", err)
	}
	if _, err := get(p.client(t, nil), p.address); err == nil {
		t.Error("a second anonymous connection from one address")
	}
}
