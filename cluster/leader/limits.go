package leader

import "time"

const (
	// callsCount functions may wait for the loop.
	callsCount = 64
	// eventsCount changes of the state may wait for the loop; of more it reads all again.
	eventsCount = 4096
	// maxDevices, maxResident and maxRates bound what a worker may announce.
	maxDevices  = 64
	maxResident = 1024
	maxRates    = 256
	// maxNameBytes and maxReasonBytes bound a worker's words.
	maxNameBytes   = 64
	maxReasonBytes = 4 << 10
	// arrivalsCount proofs of one job are kept at most while it is disputed.
	arrivalsCount = 4
	// outgoingCount messages may wait for a worker's connection. One that is slower is
	// gone for us.
	outgoingCount = 256
	// inlineWitnessBytes is the largest witness that travels with its grant.
	inlineWitnessBytes = 1 << 20
	// helloTimeout is how long a session may take to say who it is.
	helloTimeout = 10 * time.Second
	// proposeTimeout bounds one attempt to commit a command.
	proposeTimeout = 5 * time.Second
	// proposePause is what lies between two attempts.
	proposePause = 100 * time.Millisecond
	// refusedPause is how long a release that was refused waits before it is proposed again.
	refusedPause = time.Second
	// tickMost is the longest time between two looks at the clock.
	tickMost = time.Second
)
