package fsm

import (
	"maps"
	"slices"
)

// ArtifactKind is what an artifact is for.
type ArtifactKind uint8

// The kinds.
const (
	WitnessArtifact ArtifactKind = iota + 1
	ProofArtifact
	VerifyingKeyArtifact
	ProvingKeyArtifact
)

// References names every artifact that must be kept: witnesses of live jobs, released
// proofs, keys that are current, within grace or needed by a live job. The order is
// always the same; an artifact may be named more than once. visit must be brief.
func (s *State) References(visit func(ArtifactKind, Digest)) {
	for j := range s.all.jobs() {
		switch j.State {
		case Accepted:
			visit(WitnessArtifact, j.WitnessDigest)
		case Released:
			visit(ProofArtifact, j.Release.ProofDigest)
		}
	}
	for _, id := range slices.SortedFunc(maps.Keys(s.keys), compareVariants) {
		for _, k := range s.keys[id] {
			if !s.graceOver(k) || s.inUse[k.Fingerprint] > 0 {
				visit(VerifyingKeyArtifact, k.VerifyingBlob)
				visit(ProvingKeyArtifact, k.ProvingBlob)
			}
		}
	}
}
