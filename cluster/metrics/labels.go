package metrics

import (
	"slices"
	"strings"

	"rpp-node/cluster/fault"
	"rpp-node/prover/proving"
	"rpp-node/prover/verifier"
)

// other stands for every value outside a closed set.
const other = "other"

// backend is the only proof system; the label is there because dashboards select on it.
const backend = "plonky3"

// A set is the closed list of a label's values.
type set []string

// of returns the value itself if the set has it. Words may be joined by spaces, as the
// scheduler prints them.
func (s set) of(value string) string {
	if value = strings.ReplaceAll(value, " ", "-"); slices.Contains(s, value) {
		return value
	}
	return other
}

var (
	families = set{"transaction", "state", "pruning", "uptime", "consensus", "identity", "recursive"}

	// classes are the scheduler's priority classes.
	classes = set{"consensus", "state", "pruning", "transaction"}

	// failures are why a proof was not made.
	failures = set{"invalid-witness", "crashed", "out-of-memory", "time-limit", "declined", "unavailable", "rejected", "internal"}

	tampers     = set{"vrf", "quorum"}
	jobStates   = set{"accepted", "released", "failed", "cancelled", "quarantined", "revived"}
	leaseEvents = set{"grant", "adoption", "steal", "steal-abandoned", "hedge", "expiry", "suspicion", "dispute", "device-quarantined", "spec-quarantined"}
	receipts    = set{"signed", "rejected", "unavailable"}
	liveness    = set{"alive", "suspect", "dead", "left"}
	crashes     = set{"crashed", "out-of-memory", "time-limit"}
	cpuRoles    = set{"voter", "worker", "device"}
	gpus        = set{"0", "1", "2", "3", "4", "5", "6", "7"}
)

// rejections are the codes with which a proof file is rejected.
func rejections() set {
	var s set
	for _, c := range verifier.Codes() {
		s = append(s, string(c))
	}
	for _, c := range proving.Codes() {
		s = append(s, string(c))
	}
	return s
}

// outcomes are how a request may end.
func outcomes() set {
	s := set{"ok", "canceled", "deadline_exceeded"}
	for _, c := range fault.Codes() {
		s = append(s, string(c))
	}
	return s
}
