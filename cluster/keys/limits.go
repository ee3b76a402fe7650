package keys

import "time"

const (
	// decodedBytes bounds the verifying keys that are kept decoded, and decodedFactor is
	// how much larger than its encoding one is taken to be.
	decodedBytes  = 16 << 20
	decodedFactor = 4
	// followPause lies between two looks at what is held, retryPause if one failed.
	followPause = 10 * time.Second
	retryPause  = time.Second
	// flightTimeout bounds the pull or the derivation of one key.
	flightTimeout = 10 * time.Minute
)
