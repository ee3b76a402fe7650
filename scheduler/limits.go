package scheduler

import "time"

// What one scheduler holds at most. Beyond a limit input is cut or ignored, never an error:
// whoever sends that much is not one of ours.
const (
	// jobsMax bounds Config.JobsMax. Accepted jobs are never dropped: admission bounds them.
	jobsMax             = 1_000_000
	queueDepthMax       = 16
	workersMax          = 1024
	devicesPerWorkerMax = 64
	residentsMax        = 256 // of one Hello
	rateKeysMax         = 1024
	disputesMax         = 256
	quarantinesMax      = 65_536 // of devices, workers and specs, each
	decisionsMax        = 65_536

	invalidMax  = 4   // times that devices call a witness invalid
	avoidedMax  = 8   // devices that a job would rather not meet again
	resultsMax  = 4   // digests kept of one job
	reasonBytes = 256 // of what workers and voters say
	waitsMax    = 512 // waits per class behind the quantiles
	visitedMax  = 64  // lanes and flows that one step tries to place in vain

	durationMax = 365 * 24 * time.Hour
	rateLimit   = 1e15 // cells a second
	cellsLimit  = 1 << 40
)

// clip bounds what somebody else wrote.
func clip(reason string) string {
	if len(reason) > reasonBytes {
		return reason[:reasonBytes]
	}
	return reason
}
