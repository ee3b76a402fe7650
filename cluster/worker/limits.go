package worker

import "time"

const (
	// MaxWaiting bounds the parts that wait for a device.
	MaxWaiting = 4
	// MaxReports and MaxReportBytes bound the reports that are kept until they are taken;
	// the oldest goes first. The leader notices that a part is gone.
	MaxReports     = 16
	MaxReportBytes = 64 << 20
	// MaxLease bounds what a leader may ask for; MinHeartbeat and MaxHeartbeat too.
	MaxLease     = time.Hour
	MinHeartbeat = 10 * time.Millisecond
	MaxHeartbeat = 30 * time.Second
	// MaxDevices bounds the devices of a worker.
	MaxDevices = 64

	// MaxReasonBytes bounds the reason in a report; a leader takes no longer one.
	MaxReasonBytes = 512

	// maxBeats is how many heartbeats may wait for their renewal.
	maxBeats = 64
	// welcomeTimeout is how long a leader may take to answer Hello.
	welcomeTimeout = 3 * time.Second
	// pauseMin is the pause before the second attempt to open a session; each further one
	// doubles it up to pauseMax, and half of each pause is chance.
	pauseMin = 50 * time.Millisecond
	pauseMax = time.Second
	// reclaimMargin is how long before a reclaim a running part is handed back.
	reclaimMargin = 2 * time.Second
	// calibrateTimeout bounds the calibration of one family on one device.
	calibrateTimeout = 30 * time.Second
)
