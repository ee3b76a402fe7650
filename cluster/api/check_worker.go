package api

import (
	"fmt"
	"math"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
)

// session checks the messages of a worker's stream: a Hello first, and only first.
type session struct{ begun bool }

func (c *session) check(m *internalv1.WorkerMessage) error {
	hello := m.GetHello()
	if (hello != nil) == c.begun {
		return badField("of", "a session begins with one hello")
	}
	c.begun = true
	switch of := m.Of.(type) {
	case *internalv1.WorkerMessage_Hello:
		return checkHello(of.Hello)
	case *internalv1.WorkerMessage_Heartbeat:
		return checkHeartbeat(of.Heartbeat)
	case *internalv1.WorkerMessage_Report:
		return checkPartReport(of.Report)
	case *internalv1.WorkerMessage_Dropped:
		return checkFence("fence", of.Dropped.GetFence())
	}
	return badField("of", "is none of the messages that a worker sends")
}

func checkHello(h *internalv1.Hello) error {
	return first(
		checkText("version", h.GetVersion(), nameBytesMax),
		checkText("build", h.GetBuild(), textBytesMax),
		checkEach("devices", h.GetDevices(), deviceCountMax, checkOffer),
		checkEach("resident", h.GetResident(), residentCountMax, checkResident),
	)
}

func checkOffer(field string, d *internalv1.DeviceOffer) error {
	if d.GetThreads() == 0 {
		return badField(field+".threads", "is 0")
	}
	return first(
		checkName(field+".name", d.GetName()),
		checkName(field+".kind", d.GetKind()),
		checkAmounts(field+".rates", d.GetRates(), familyCountMax),
	)
}

func checkResident(field string, r *internalv1.Resident) error {
	return first(
		checkDigest(field+".job", r.GetJob()),
		checkFence(field+".fence", r.GetFence()),
		checkName(field+".device", r.GetDevice()),
	)
}

func checkHeartbeat(h *internalv1.Heartbeat) error {
	if h.GetReclaimMs() < 0 {
		return badField("reclaim_ms", "is negative")
	}
	return checkEach("devices", h.GetDevices(), deviceCountMax, checkDeviceState)
}

func checkDeviceState(field string, d *internalv1.DeviceState) error {
	if d.GetRunning() != nil {
		if err := checkFence(field+".running", d.Running); err != nil {
			return err
		}
	}
	if d.GetRunningMs() < 0 {
		return badField(field+".running_ms", "is negative")
	}
	return first(
		checkName(field+".name", d.GetName()),
		checkEach(field+".waiting", d.GetWaiting(), fenceCountMax, checkFence),
		optional(checkName)(field+".stage", d.GetStage()),
	)
}

func checkPartReport(r *internalv1.PartReport) error {
	if _, ok := internalv1.Outcome_name[int32(r.GetOutcome())]; !ok || r.GetOutcome() == 0 {
		return badField("outcome", "no outcome %d", r.GetOutcome())
	}
	if proved := r.GetOutcome() == internalv1.Outcome_OUTCOME_PROVED; proved {
		if err := first(checkBytes("proof_file", r.ProofFile, ProofBytesMax), checkDigest("proof_digest", r.ProofDigest)); err != nil {
			return err
		}
	} else if len(r.GetProofFile()) != 0 || len(r.GetProofDigest()) != 0 {
		return badField("proof_file", "belongs to a part that was proved")
	}
	return first(
		checkDigest("job", r.GetJob()),
		checkFence("fence", r.GetFence()),
		checkName("device", r.GetDevice()),
		optional(checkName)("code", r.GetCode()),
		checkReason("reason", r.GetReason()),
		checkAmount("wall_ms", r.GetWallMs()),
		checkAmount("cpu_ms", r.GetCpuMs()),
		checkAmounts("stages_ms", r.GetStagesMs(), stageCountMax),
	)
}

// checkAmount wants a figure that can be added up.
func checkAmount(field string, v float64) error {
	if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
		return badField(field, "%v is no amount", v)
	}
	return nil
}

func checkAmounts(field string, m map[string]float64, max int) error {
	if err := checkCount(field, len(m), max); err != nil {
		return err
	}
	for k, v := range m {
		if err := first(checkName(field, k), checkAmount(fmt.Sprintf("%s[%s]", field, k), v)); err != nil {
			return err
		}
	}
	return nil
}
