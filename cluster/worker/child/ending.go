package child

import (
	"fmt"
	"strings"
	"syscall"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/worker/device"
)

// ending is how a process ended by itself.
type ending struct {
	exit   int
	signal syscall.Signal // 0 if it exited
	words  string         // its last ones
	// starved says that the system killed some process for its memory meanwhile.
	starved bool
}

// outOfMemory are words of a Go program that was refused memory.
var outOfMemory = []string{"out of memory", "cannot allocate memory"}

// failure says what the ending means for the task that ran.
func (e ending) failure() *device.Error {
	f := &device.Error{Outcome: device.Crashed, Code: fault.CodeAttempts}
	switch {
	case e.signal == syscall.SIGKILL && e.starved:
		f.Outcome, f.Reason = device.OutOfMemory, "the system killed the device's process for its memory"
		return f
	case e.signal != 0:
		f.Reason = fmt.Sprintf("the device's process was ended by signal %d (%s)", e.signal, e.signal)
	default:
		f.Reason = fmt.Sprintf("the device's process exited with code %d", e.exit)
	}
	for _, w := range outOfMemory {
		if strings.Contains(e.words, w) {
			f.Outcome = device.OutOfMemory
		}
	}
	if e.words != "" {
		f.Reason += ": " + e.words
	}
	return f
}
