package sim

// hit is something that a run can do to the cluster, or meet in it. Every one must happen
// in a full gate: a fault that is never injected, or a path that is never taken, is not
// tested.
type hit int

// Faults.
const (
	faultLoss hit = iota
	faultDuplicate
	faultCrash
	faultPowerLoss
	faultWorkerCrash
	faultPause
	faultPartition
	faultOneWay
	faultWorkersCut
	faultDiskFull
	faultBitFlip
	faultDiskStall
	faultSlowDevice
	faultCrashedDevice
	faultMemory
	faultHang
	faultWrongProof
	faultLie
	faultCallsInvalid
	faultOtherBuild
	faultDrain
	faultReclaim
	faultLift
	faultTransfer
	faultFreeze

	seenElection
	seenTornLog
	seenConflict
	seenSnapshot
	seenInstall
	seenUncertain
	seenCorrupt
	seenRefetch
	seenRejection
	seenReference
	seenLie
	seenWithdrawn
	seenExpired
	seenRepeatedReport
	seenStaleReport
	seenSteal
	seenHedge
	seenRepeat
	seenAdopted
	seenCancel
	seenRevived
	seenQuarantine
	seenClosed
	seenRefusal
	hitsCount

	faultsCount = seenElection // what comes before is injected
)

var hitNames = [hitsCount]string{
	faultLoss: "messages lost", faultDuplicate: "messages doubled", faultCrash: "voters crashed",
	faultPowerLoss: "power lost everywhere", faultWorkerCrash: "workers crashed", faultPause: "processes paused",
	faultPartition: "voters partitioned", faultOneWay: "links cut one way", faultWorkersCut: "workers cut off",
	faultDiskFull: "disks full", faultBitFlip: "bits flipped", faultDiskStall: "disks stalled", faultSlowDevice: "devices slowed",
	faultCrashedDevice: "devices crashed", faultMemory: "devices out of memory", faultHang: "devices hung",
	faultWrongProof: "false proofs", faultLie: "lies about a digest", faultCallsInvalid: "good witnesses called invalid",
	faultOtherBuild: "proofs of another build", faultDrain: "drains", faultReclaim: "reclaims", faultLift: "quarantines lifted",
	faultTransfer: "leadership transferred", faultFreeze: "families frozen",

	seenElection: "elections", seenTornLog: "entries lost in a crash", seenConflict: "conflicting entries dropped",
	seenSnapshot: "snapshots", seenInstall: "snapshots installed", seenUncertain: "proposals without an answer",
	seenCorrupt: "corrupt artifacts set aside", seenRefetch: "artifacts fetched again", seenRejection: "proofs rejected",
	seenReference: "references", seenLie: "reports refused for a lie",
	seenWithdrawn: "grants withdrawn", seenExpired: "leases expired at the worker", seenRepeatedReport: "reports repeated under a new fence",
	seenStaleReport: "stale reports", seenSteal: "steals", seenHedge: "hedges", seenRepeat: "jobs repeated on two devices",
	seenAdopted: "parts kept across sessions", seenCancel: "cancels", seenRevived: "jobs revived",
	seenQuarantine: "quarantines", seenClosed: "intakes closed", seenRefusal: "submits refused",
}

func (h hit) String() string { return hitNames[h] }
