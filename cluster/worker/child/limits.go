package child

import "time"

const (
	// MaxCrashTextBytes bounds what is kept of a process's last words.
	MaxCrashTextBytes = 4 << 10
	// MaxLineBytes bounds a line of standard error that is logged.
	MaxLineBytes = 1 << 10

	// startTimeout is how long a process may take to be ready.
	startTimeout = 10 * time.Second
	// closeTimeout is how long an idle process may take to end by itself.
	closeTimeout = time.Second
	// pauseMin is the pause after one process that ended by itself; each further one
	// doubles it up to pauseMax.
	pauseMin = 50 * time.Millisecond
	pauseMax = 10 * time.Second

	// reservedBytes is what the Go runtime maps beyond what it uses, which the system
	// counts against RLIMIT_DATA all the same.
	reservedBytes = 96 << 20
)
