package api

import (
	"io"
	"time"

	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
)

// anything is the check of a request without fields.
func anything[T any](*T) error { return nil }

func checkCreateToken(r *rppv1.CreateTokenRequest) error {
	role, err := identity.ParseRole(r.Role)
	if err != nil {
		return badField("role", "%w", err)
	}
	if (role == identity.Validator) != (r.Tenant != "") {
		return badField("tenant", "validators need one, nobody else has one")
	}
	if r.TtlMs < 0 || r.TtlMs > tokenLifetimeMax.Milliseconds() {
		return badField("ttl_ms", "%d, want 0 (ten minutes) to %d", r.TtlMs, tokenLifetimeMax/time.Millisecond)
	}
	return checkTenant("tenant", r.Tenant)
}

func checkRevokeToken(r *rppv1.RevokeTokenRequest) error { return checkName("id", r.Id) }

func checkDrain(r *rppv1.DrainRequest) error { return checkNode("node", r.Node) }

func checkRemove(r *rppv1.RemoveRequest) error { return checkNode("node", r.Node) }

func checkTransfer(r *rppv1.TransferLeadershipRequest) error {
	return optional(checkNode)("node", r.Node)
}

func checkLift(r *rppv1.LiftQuarantineRequest) error {
	return first(
		checkOneOf("kind", r.Kind, "spec", "device", "node", "tenant"),
		checkName("subject", r.Subject),
		checkTenant("tenant", r.Tenant),
	)
}

func (s *Server) checkPreload(r *rppv1.PreloadRequest) error {
	return checkEach("families", r.Families, familyCountMax, s.checkFamily)
}

func (s *Server) checkRotate(r *rppv1.RotateRequest) error { return s.checkFamily("family", r.Family) }

// restore checks the messages of a backup that is sent back.
type restore struct {
	begun bool
	left  uint64 // bytes that are still to come
}

func (c *restore) check(r *rppv1.RestoreRequest) error {
	if !c.begun {
		c.begun = true
		if r.Size == 0 || r.Size > restoreBytesMax {
			return badField("size", "%d, want 1 to %d", r.Size, restoreBytesMax)
		}
		if err := checkDigest("digest", r.Digest); err != nil {
			return err
		}
		c.left = r.Size
	} else if r.Size != 0 || len(r.Digest) != 0 {
		return badField("digest", "digest and size belong in the first message only")
	} else if len(r.Data) == 0 {
		return badField("data", "is empty")
	}
	if len(r.Data) > restoreChunkMax {
		return fault.New(fault.CodeTooBig, "data: %d bytes, at most %d", len(r.Data), restoreChunkMax)
	}
	if uint64(len(r.Data)) > c.left {
		return badField("data", "more than size promises")
	}
	c.left -= uint64(len(r.Data))
	return nil
}

// end is io.EOF, or why the stream ended too early.
func (c *restore) end() error {
	if !c.begun || c.left > 0 {
		return badField("data", "%d bytes are missing", c.left)
	}
	return io.EOF
}
