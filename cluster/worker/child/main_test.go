package child

import (
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"rpp-node/cluster/worker/device"
	"rpp-node/prover/memory"
)

// The test binary is its own device process. These variables make it one; the second names
// a file that says how the next task goes wrong.
const (
	serveVariable = "RPP_TEST_DEVICE_THREADS"
	plantVariable = "RPP_TEST_DEVICE_PLANT"
)

func TestMain(m *testing.M) {
	threads, err := strconv.Atoi(os.Getenv(serveVariable))
	if err != nil {
		goleak.VerifyTestMain(m)
		return
	}
	debug.SetGCPercent(20) // as the product has it
	if err := device.Serve(os.Stdin, os.Stdout, device.Options{Threads: threads, Now: time.Now, Started: plant}); err != nil {
		fmt.Fprintln(os.Stderr, "device:", err)
	}
}

// plant goes wrong in the way that the file says.
func plant([]byte) {
	how, _ := os.ReadFile(os.Getenv(plantVariable))
	switch string(how) {
	case "panic":
		done := make(chan int)
		go func() { // as a kernel on a worker's goroutine would
			close(done)
			panic("planted kernel fault")
		}()
		<-done
		select {}
	case "mappings":
		for { // touches nothing: the limit is on what is mapped
			memory.Get(16 << 20)
		}
	case "heap":
		var kept [][]byte
		for {
			kept = append(kept, make([]byte, 8<<20))
			kept[len(kept)-1][0] = byte(len(kept))
		}
	case "touch":
		for {
			b := memory.Get(4 << 20)
			for i := 0; i < len(b); i += 1024 {
				b[i] = 1
			}
		}
	case "hang":
		select {}
	case "noise":
		fmt.Println("this is not a frame")
	}
}
