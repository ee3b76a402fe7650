package api

import "time"

// What a request may hold.
const (
	WitnessBytesMax = 64 << 20
	ProofBytesMax   = 5 << 20
	ListCountMax    = 1000

	listCountDefault    = 100
	digestBytes         = 32
	idempotencyBytesMax = 128
	nameBytesMax        = 64 // nodes, devices, families, variants, versions
	addressBytesMax     = 255
	textBytesMax        = 512 // reasons
	pageBytesMax        = 256
	tokenBytesMax       = 4 << 10
	csrBytesMax         = 2 << 10
	gossipKeyBytes      = 32
	restoreBytesMax     = 1 << 30
	restoreChunkMax     = 1 << 20
	chunkIndexMax       = 1 << 14
	reportKeysMax       = 1024
	reasonCountMax      = 32
	deviceCountMax      = 64
	residentCountMax    = 1024
	fenceCountMax       = 1024
	familyCountMax      = 16
	stageCountMax       = 32
	tokenLifetimeMax    = 7 * 24 * time.Hour
)

// What a body may be, message and envelope. JSON writes bytes in base64.
const (
	slackBytes     = 64 << 10
	smallBodyMax   = 64 << 10
	witnessBodyMax = WitnessBytesMax + slackBytes
	proofBodyMax   = ProofBytesMax + slackBytes
	reportBodyMax  = 128 << 10
	restoreBodyMax = restoreChunkMax + slackBytes // a message
)

// How much may go on at once, by class.
const (
	smallSlots, smallSlotsPerCaller   = 1024, 256
	joinSlots                         = 16
	largeSlots, largeSlotsPerCaller   = 32, 8
	peerSlots, peerSlotsPerCaller     = 64, 32
	streamSlots, streamSlotsPerCaller = 1024, 64

	// Bodies are counted as they arrive. A message costs about four times its body while
	// it is decoded (a doubling buffer, then the message itself), so 128 MiB of bodies
	// are half a GiB of memory.
	smallBodyBytes = 16 << 20
	largeBodyBytes = 128 << 20
	peerBodyBytes  = 128 << 20

	// overloadRetry is when a refused caller should try again; electionRetry when there
	// may be a leader.
	overloadRetry = time.Second
	electionRetry = 200 * time.Millisecond
)

// How long things may take.
const (
	smallTimeout   = 30 * time.Second
	largeTimeout   = 2 * time.Minute  // 64 MiB at half a MiB a second
	patientTimeout = 10 * time.Minute // waits for other nodes on purpose

	// readTimeout is for a small body.
	readTimeout = 15 * time.Second
	// writeTimeout is for one write to a stream: whoever reads slower loses it.
	writeTimeout = 30 * time.Second
	// answerTimeout is for what is left to write after a call's own timeout.
	answerTimeout = 30 * time.Second
)

// A call that is passed on.
const (
	forwardedBytesMax   = 12 << 10
	forwardedCountMax   = 6 // a leaf, its issuers
	certificateBytesMax = 2 << 10
	originBytesMax      = 64
)

// The client.
const (
	retryFirst = 25 * time.Millisecond
	retryMax   = 2 * time.Second
	// retrySpan is how long a client goes on trying when its context has no end.
	retrySpan = 30 * time.Second
)
