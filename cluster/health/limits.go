package health

import "time"

const (
	// windowSpan and windowCount bound what budgets are judged by.
	windowSpan  = 10 * time.Minute
	windowCount = 1024

	// windowCountMin outcomes are needed before a rate means anything: one failure out
	// of one is not an outage.
	windowCountMin = 20

	// recoveryCount events are remembered.
	recoveryCount = 32

	// messageBytesMax bounds an error's text in a status.
	messageBytesMax = 512

	// staleAfter is when a member's last report says too little about it.
	staleAfter = 30 * time.Second

	// statusTimeout bounds how long a status may take to put together.
	statusTimeout = 5 * time.Second

	// writeTimeout bounds how long its reader may take.
	writeTimeout = 30 * time.Second
)
