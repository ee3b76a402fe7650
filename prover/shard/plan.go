package shard

import (
	"errors"
	"fmt"
)

// Plan says how a proof is cut. It changes who computes what, never a byte of the proof.
type Plan struct {
	LogShards int // 2^LogShards shards
	LogCrown  int // the conductor owns all levels of at most 2^LogCrown nodes
	LogGather int // codewords of at most 2^LogGather values are folded by the conductor
}

// DefaultPlan is one shard, with a crown and a gathering point that keep small work whole.
func DefaultPlan() Plan { return Plan{LogShards: 0, LogCrown: 12, LogGather: 13} }

// MaxLogShards bounds how far a proof is cut.
const MaxLogShards = 10

// ErrPlan is wrapped by Validate's errors.
var ErrPlan = errors.New("shard: invalid plan")

// Validate checks the plan's ranges.
func (p Plan) Validate() error {
	if p.LogShards < 0 || p.LogShards > MaxLogShards {
		return fmt.Errorf("%w: shards: 2^%d, want 2^0 to 2^%d", ErrPlan, p.LogShards, MaxLogShards)
	}
	if p.LogCrown < 0 || p.LogGather < 0 {
		return fmt.Errorf("%w: crown and gather must not be negative", ErrPlan)
	}
	return nil
}

// CrownLog is the width of the crown: levels as narrow as 2^CrownLog are the conductor's,
// and so are matrices of at most that many rows. The cap and the shards' roots always lie
// in it.
func (p Plan) CrownLog(capHeight int) int { return max(p.LogShards, p.LogCrown, capHeight) }
