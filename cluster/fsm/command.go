package fsm

import (
	"errors"
	"fmt"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm/internal/wire"
)

// Errors that stop a node.
var (
	// ErrUnknownCommand says that an entry has a version or a kind that this release does
	// not know: a newer one wrote it.
	ErrUnknownCommand = errors.New("unknown command: upgrade this node")
	// ErrMalformed says that an entry cannot be read: damage, or a bug.
	ErrMalformed = errors.New("malformed command")
)

// CommandVersion is the newest version that this release reads and writes, which a node
// announces.
const CommandVersion = 1

// Command is a change that the cluster agrees on. The kinds are those of this package.
type Command interface {
	// Stamp is who asks, and when.
	Stamp() *Header
	kind() kind
	walk(*wire.Coder)
	apply(*change) *fault.Error
}

// Header begins every command.
type Header struct {
	NowMS int64  // the leader's clock, milliseconds since 1970
	Actor string // who asked, as the certificate names them
}

// Stamp gives the header of a command, to be filled in by the leader.
func (h *Header) Stamp() *Header { return h }

// kind is a command's number in its encoding. Numbers are never reused.
type kind uint8

const (
	kindSubmitJob         kind = 1
	kindCancelJob         kind = 2
	kindReleaseJob        kind = 3
	kindFailJob           kind = 4
	kindQuarantineSpec    kind = 10
	kindQuarantineDevice  kind = 11
	kindQuarantineNode    kind = 12
	kindCloseIntake       kind = 13
	kindLiftQuarantine    kind = 14
	kindPutKey            kind = 20
	kindRotateKeys        kind = 21
	kindFreezeFamily      kind = 22
	kindUnfreezeFamily    kind = 23
	kindRegisterValidator kind = 30
	kindRevokeVRFRoot     kind = 31
	kindCreateToken       kind = 40
	kindSpendToken        kind = 41
	kindRevokeToken       kind = 42
	kindPutMember         kind = 50
	kindRemoveMember      kind = 51
	kindDrain             kind = 52
	kindAnnounceVersion   kind = 53
	kindAuditAnchor       kind = 54
	kindKeyring           kind = 60
	kindConfigure         kind = 61
	kindExpire            kind = 62
)

// commands makes an empty command of each kind.
var commands = map[kind]func() Command{
	kindSubmitJob:         func() Command { return new(SubmitJob) },
	kindCancelJob:         func() Command { return new(CancelJob) },
	kindReleaseJob:        func() Command { return new(ReleaseJob) },
	kindFailJob:           func() Command { return new(FailJob) },
	kindQuarantineSpec:    func() Command { return new(QuarantineSpec) },
	kindQuarantineDevice:  func() Command { return new(QuarantineDevice) },
	kindQuarantineNode:    func() Command { return new(QuarantineNode) },
	kindCloseIntake:       func() Command { return new(CloseIntake) },
	kindLiftQuarantine:    func() Command { return new(LiftQuarantine) },
	kindPutKey:            func() Command { return new(PutKey) },
	kindRotateKeys:        func() Command { return new(RotateKeys) },
	kindFreezeFamily:      func() Command { return new(FreezeFamily) },
	kindUnfreezeFamily:    func() Command { return new(UnfreezeFamily) },
	kindRegisterValidator: func() Command { return new(RegisterValidator) },
	kindRevokeVRFRoot:     func() Command { return new(RevokeVRFRoot) },
	kindCreateToken:       func() Command { return new(CreateToken) },
	kindSpendToken:        func() Command { return new(SpendToken) },
	kindRevokeToken:       func() Command { return new(RevokeToken) },
	kindPutMember:         func() Command { return new(PutMember) },
	kindRemoveMember:      func() Command { return new(RemoveMember) },
	kindDrain:             func() Command { return new(Drain) },
	kindAnnounceVersion:   func() Command { return new(AnnounceVersion) },
	kindAuditAnchor:       func() Command { return new(AuditAnchor) },
	kindKeyring:           func() Command { return new(Keyring) },
	kindConfigure:         func() Command { return new(Configure) },
	kindExpire:            func() Command { return new(Expire) },
}

// Encode gives a command's only encoding, or an error for the user if a field is beyond
// its bounds: such a command must not reach the log, where it would stop every node.
func Encode(c Command) ([]byte, error) {
	w := wire.NewWriter()
	version, k := uint8(CommandVersion), uint8(c.kind())
	w.U8(&version, "version")
	w.U8(&k, "kind")
	walkCommand(w, c)
	if err := w.Err(); err != nil {
		code := fault.CodeField
		if errors.Is(err, wire.ErrLimit) {
			code = fault.CodeTooBig
		}
		return nil, fault.New(code, "%w", err)
	}
	return w.Written(), nil // far below MaxEntryBytes: so are the bounds of all fields together
}

// Decode reads a command. It accepts exactly what Encode writes. Its errors wrap
// ErrUnknownCommand or ErrMalformed.
func Decode(b []byte) (Command, error) {
	if len(b) > MaxEntryBytes {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrMalformed, len(b), MaxEntryBytes)
	}
	if len(b) < 2 {
		return nil, fmt.Errorf("%w: %d bytes", ErrMalformed, len(b))
	}
	if b[0] != CommandVersion {
		return nil, fmt.Errorf("%w: version %d, this release reads %d", ErrUnknownCommand, b[0], CommandVersion)
	}
	empty, known := commands[kind(b[1])]
	if !known {
		return nil, fmt.Errorf("%w: kind %d", ErrUnknownCommand, b[1])
	}
	c := empty()
	r := wire.NewReader(b[2:])
	walkCommand(r, c)
	r.End()
	if err := r.Err(); err != nil {
		return nil, fmt.Errorf("%w: %T: %w", ErrMalformed, c, err)
	}
	return c, nil
}

func walkCommand(w *wire.Coder, c Command) {
	h := c.Stamp()
	w.Millis(&h.NowMS, "now")
	w.Text(&h.Actor, maxActorBytes, "actor")
	c.walk(w)
}
